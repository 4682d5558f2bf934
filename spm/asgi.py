"""The ASGI application, for hosts that want one; nothing in SPM is asynchronous."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
os.environ.setdefault("SPM_PROCESS", "web")
application = get_asgi_application()
