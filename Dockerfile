# The tool in a container: `make image`, and for releases .goreleaser.yaml. The
# base needs the C library of GNU and libgcc, for libpact_ffi; distroless/cc has
# both and nothing else.
ARG BASE=gcr.io/distroless/cc-debian12:nonroot
FROM ${BASE}
ARG TARGETPLATFORM
COPY ${TARGETPLATFORM}/plumbline ${TARGETPLATFORM}/plumbline-wire /usr/local/bin/
# The pinned library, checked by its hash at every run (`plumbline setup --dir`).
COPY out/ffi/${TARGETPLATFORM} /usr/share/plumbline/ffi
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/plumbline"]
