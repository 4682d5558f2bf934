# One image for web, worker and beat. Build: docker build -t spm .
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never \
    PATH=/app/.venv/bin:$PATH

RUN pip install --no-cache-dir uv \
 && useradd --create-home --uid 10001 spm \
 && install -d -o spm -g spm /app /data
WORKDIR /app
USER spm

# Packages first: they change less often than the code.
COPY --chown=spm:spm pyproject.toml .python-version ./
RUN uv sync --no-dev --no-cache \
 && uv export --quiet --no-dev --no-cache --format cyclonedx1.5 --output-file bill-of-materials.json

COPY --chown=spm:spm . .
# Static files and catalogues are part of the image; compressing them takes a production setting. No secret is kept.
RUN SPM_ENV=production SPM_SECRET_KEY=only-while-the-image-is-built SPM_DATA_DIR=/app/var/image \
    python manage.py assemble

ENV SPM_ENV=production SPM_DATA_DIR=/data SPM_STATIC_ROOT=/app/var/image/static
VOLUME /data
EXPOSE 8000
# exec: gunicorn takes the shell's place, and so the signals of whoever stops the container.
CMD ["sh", "-c", "exec gunicorn spm.wsgi:application --bind 0.0.0.0:8000 --workers ${SPM_WEB_WORKERS:-2} --threads 4 --no-control-socket"]
