# The service in one image, for one machine, on CPUs: API, scheduler, records, objects, trainers.
#
#     docker build -f docker/standalone.Dockerfile -t imclr .
#     docker run --init -p 4700:4700 -v imclr:/var/lib/imclr imclr
#     docker exec <container> cat /var/lib/imclr/api-key
#
# Debian with Node 22. Name a digest to build the same image each time:
#     --build-arg NODE_IMAGE=node:22-bookworm-slim@sha256:...
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
ARG APP=/srv/imclr
ARG ENGINE=/opt/imclr

# What fetches TensorFlow's libraries and compiles the engine against them; stays in this stage.
RUN apt-get update && apt-get install -y --no-install-recommends g++ python3 python3-pip && rm -rf /var/lib/apt/lists/*

WORKDIR ${APP}
COPY package.json package-lock.json .npmrc ./
COPY services/contract/package.json services/contract/
COPY services/statistics/package.json services/statistics/
COPY services/experiments/package.json services/experiments/
COPY services/page/package.json services/page/
COPY services/database/package.json services/database/
COPY services/storage/package.json services/storage/
COPY services/queue/package.json services/queue/
COPY services/api/package.json services/api/
COPY services/scheduler/package.json services/scheduler/
COPY services/trainer/package.json services/trainer/
COPY services/standalone/package.json services/standalone/
COPY sdk/package.json sdk/
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund

# The engine before the sources: a change of ours does not fetch it again. For CPUs, whatever driver the building machine has loaded.
COPY infra/setup infra/setup
RUN IMCLR_GPU=0 IMCLR_CACHE=${ENGINE} node infra/setup/native.mjs && rm -rf ${ENGINE}/tmp ${ENGINE}/addon

COPY infra/tsconfig.base.json infra/
COPY services services
RUN node node_modules/typescript/bin/tsc -b services/standalone services/trainer
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf ${ENGINE}/tensorflow/*/tensorflow/include services/*/src

FROM ${NODE_IMAGE}
ARG APP=/srv/imclr
ARG ENGINE=/opt/imclr
ARG DATA=/var/lib/imclr
WORKDIR ${APP}
COPY --from=build ${ENGINE} ${ENGINE}
COPY --from=build ${APP}/node_modules node_modules
COPY --from=build ${APP}/services services
COPY --from=build ${APP}/package.json package.json
RUN install -d -m 0700 -o 1000 -g 1000 ${DATA}

ENV NODE_ENV=production HOST=0.0.0.0 PORT=4700 IMCLR_DATA_DIR=${DATA} XDG_STATE_HOME=${DATA}/state
VOLUME ${DATA}
EXPOSE 4700
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "services/standalone/dist/main.js"]
