# One job in one container: prepares data, trains, evaluates. The scheduler starts it with the path of the job's file.
#
#     docker build -f docker/trainer.Dockerfile --target cpu -t imclr-trainer .
#     docker build -f docker/trainer.Dockerfile --target gpu -t imclr-trainer:gpu .
#
# The GPU image needs NVIDIA's driver and its container toolkit on the host, nothing else: CUDA is in the image.
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

# The trainer and the packages that it needs when it runs, without what only editors, compilers and debuggers read.
FROM manifests AS program
ARG NPM_CONFIG_REGISTRY
RUN npm ci --omit=dev --workspace=@imclr/trainer --cache /tmp/npm \
    && rm -rf /tmp/npm node_modules/typescript node_modules/@types \
    && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.?ts' \) -delete
COPY --from=build /built ./
RUN rm -rf sdk && for each in services/*; do test -e node_modules/@imclr/${each##*/} || rm -rf $each; done

# All but the engine. The launcher puts the job's file into /job; nothing else of a container can be written.
FROM ${DEBIAN_IMAGE} AS trainer
WORKDIR /srv/imclr
COPY --from=packages /usr/local/bin/node /usr/local/bin/
COPY --from=program /srv/imclr ./
RUN install -d -m 0700 -o 1000 -g 1000 /job
ENV NODE_ENV=production
USER 1000:1000
STOPSIGNAL SIGTERM
# It serves nothing and ends with its job. The scheduler follows its events, and ends it when it goes silent.
HEALTHCHECK NONE
ENTRYPOINT ["node", "/srv/imclr/services/trainer/dist/main.js"]

FROM trainer AS cpu
ENV IMCLR_GPU=off
COPY --from=engine-cpu /srv/imclr/node_modules/@tensorflow/tfjs-node-gpu/lib node_modules/@tensorflow/tfjs-node-gpu/lib
COPY --from=engine-cpu /opt/imclr /opt/imclr

# The GPU's stages are last: the engine's older builder carries out every stage above the one that it is asked for.
FROM toolchain AS engine-gpu
RUN IMCLR_GPU=required IMCLR_CACHE=/opt/imclr node infra/setup/native.mjs \
    && rm -rf /opt/imclr/tmp /opt/imclr/addon /opt/imclr/tensorflow/*/tensorflow/include

FROM trainer AS gpu
ENV IMCLR_GPU=required NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=engine-gpu /srv/imclr/node_modules/@tensorflow/tfjs-node-gpu/lib node_modules/@tensorflow/tfjs-node-gpu/lib
COPY --from=engine-gpu /opt/imclr /opt/imclr
