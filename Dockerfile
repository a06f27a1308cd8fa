# The mock server, and what talks to remote models; no torch, no local models.
#
#   docker build --tag toolalpaca .
#   docker run -p 8000:8000 -v ./spec.yaml:/specs/spec.yaml toolalpaca

FROM python:3.13-slim AS build
WORKDIR /source
# A virtual environment is one folder to copy, and leaves pip's and the build's files behind.
RUN python3 -m venv /opt/toolalpaca
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY toolalpaca toolalpaca
COPY mockserver mockserver
COPY runtime runtime
COPY corpus corpus
COPY training training
RUN /opt/toolalpaca/bin/pip install --no-cache-dir --constraint requirements.lock '.[mcp,scale]' \
    && /opt/toolalpaca/bin/pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /opt/toolalpaca /opt/toolalpaca
ENV PATH=/opt/toolalpaca/bin:$PATH PYTHONUNBUFFERED=1
# A number, so that Kubernetes' runAsNonRoot can check it.
USER 10001:10001
VOLUME /specs
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/_toolalpaca/healthz', timeout=2)"]
ENTRYPOINT ["toolalpaca"]
CMD ["mock", "/specs", "--host", "0.0.0.0", "--port", "8000"]
