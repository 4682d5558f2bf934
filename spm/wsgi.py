"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from spm import memory
from spm.org.checks import refuse_open_doors

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
os.environ.setdefault("SPM_PROCESS", "web")
application = memory.in_one_piece(get_wsgi_application())
refuse_open_doors()
memory.settle()
