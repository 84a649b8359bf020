# The app in a container, with its models, without training libraries and root. `docker build .`
# Debian 12, because OpenCV and PyAV come as wheels that need nothing but glibc from it.
# By digest, so that a build can be repeated; Dependabot renews it (.github/dependabot.yml).
FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS base

FROM base AS install
COPY requirements.lock /tmp/
# Hashes and wheels only: nothing is built here, and only what is locked is installed.
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
      --requirement /tmp/requirements.lock

FROM base
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin maskdet
COPY --from=install /opt/venv /opt/venv
WORKDIR /app
COPY streamlit_app.py server.py ./
COPY .streamlit .streamlit
COPY pages pages
COPY maskdet_core maskdet_core
COPY maskdet_app maskdet_app
COPY models models
ARG COMMIT=unknown
# Streamlit asks an outside service for this machine's address unless one is set.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_FILE_WATCHER_TYPE=none \
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost \
    MALLOC_ARENA_MAX=4 \
    MASKDET_LOG=json \
    MASKDET_COMMIT=${COMMIT}
USER 1000
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["/opt/venv/bin/python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['STREAMLIT_SERVER_PORT'] + '/_stcore/health', timeout=2)"]
ENTRYPOINT ["/opt/venv/bin/python", "-m", "streamlit", "run", "server.py"]
