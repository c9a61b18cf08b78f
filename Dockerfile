# The tool in a container: `make image`. The base needs the C library of GNU and
# libgcc, for libpact_ffi; distroless/cc has both and nothing else. For an image
# without Pact verification, FROM scratch and `plumbline-wire` are enough.
ARG BASE=gcr.io/distroless/cc-debian12:nonroot
FROM ${BASE}
COPY plumbline plumbline-wire /usr/local/bin/
# The pinned library, checked by its hash at every run (`plumbline setup --dir`).
COPY ffi /usr/share/plumbline/ffi
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/plumbline"]
