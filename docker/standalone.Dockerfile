# The service in one image, for one machine, on CPUs: API, scheduler, records, objects, trainers.
#
#     docker build -f docker/standalone.Dockerfile -t imclr .
#     docker run --init -p 4700:4700 -v imclr:/var/lib/imclr imclr
#     docker exec <container> cat /var/lib/imclr/api-key
#
ARG NODE_IMAGE=node:22-bookworm-slim
ARG DEBIAN_IMAGE=debian:bookworm-slim

# Every image begins with these three stages, so that an engine that builds several carries them out once.
# A change of sources leaves the manifests as they are: nothing is installed anew for it.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /srv/imclr
COPY package.json package-lock.json .npmrc ./
COPY services services
COPY sdk sdk
RUN find . -type f ! -name 'package*.json' ! -name .npmrc -delete && find . -type d -empty -delete

FROM ${NODE_IMAGE} AS packages
ARG NPM_CONFIG_REGISTRY
WORKDIR /srv/imclr
COPY --from=manifests /srv/imclr ./
RUN npm ci --cache /tmp/npm && rm -rf /tmp/npm

FROM packages AS build
COPY infra/tsconfig.base.json infra/
COPY services services
RUN node node_modules/typescript/bin/tsc -b services/standalone services/trainer \
    && mkdir /built && cp -r --parents services/*/dist services/database/migrations /built \
    && find /built -type f \( -name '*.map' -o -name '*.d.ts' -o -name .tsbuildinfo \) -delete

# TensorFlow's libraries, and the engine compiled against them; one training step proves it.
FROM packages AS toolchain
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3 python3-pip && rm -rf /var/lib/apt/lists/*
ARG PIP_INDEX_URL
COPY infra/setup infra/setup

FROM toolchain AS engine-cpu
RUN IMCLR_GPU=off IMCLR_CACHE=/opt/imclr node infra/setup/native.mjs \
    && rm -rf /opt/imclr/tmp /opt/imclr/addon /opt/imclr/tensorflow/*/tensorflow/include

# The service, the trainer and the packages that they need when they run, without what only editors, compilers and debuggers read.
FROM manifests AS program
ARG NPM_CONFIG_REGISTRY
RUN npm ci --omit=dev --workspace=@imclr/standalone --workspace=@imclr/trainer --cache /tmp/npm \
    && rm -rf /tmp/npm node_modules/typescript node_modules/@types \
    && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.?ts' \) -delete
COPY --from=build /built ./
RUN rm -rf sdk && for each in services/*; do test -e node_modules/@imclr/${each##*/} || rm -rf $each; done

FROM ${DEBIAN_IMAGE}
WORKDIR /srv/imclr
COPY --from=packages /usr/local/bin/node /usr/local/bin/
COPY --from=program /srv/imclr ./
COPY --from=engine-cpu /srv/imclr/node_modules/@tensorflow/tfjs-node-gpu/lib node_modules/@tensorflow/tfjs-node-gpu/lib
COPY --from=engine-cpu /opt/imclr /opt/imclr
COPY docker/isReady.mjs /usr/local/lib/
RUN install -d -m 0700 -o 1000 -g 1000 /var/lib/imclr
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4700 IMCLR_GPU=off IMCLR_DATA_DIR=/var/lib/imclr XDG_STATE_HOME=/var/lib/imclr/state
VOLUME /var/lib/imclr
EXPOSE 4700
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/usr/local/lib/isReady.mjs"]
CMD ["node", "services/standalone/dist/main.js"]
