# The scheduler: starts trainers as containers of the engine that it is given, follows them, settles what they leave.
#
#     docker build -f docker/scheduler.Dockerfile -t imclr-scheduler .
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

# The scheduler and the packages that it needs when it runs, without what only editors, compilers and debuggers read.
# Records are in PostgreSQL: PGlite is left out.
FROM manifests AS program
ARG NPM_CONFIG_REGISTRY
RUN npm ci --omit=dev --workspace=@imclr/scheduler --cache /tmp/npm \
    && rm -rf /tmp/npm node_modules/typescript node_modules/@types node_modules/@electric-sql \
    && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.?ts' \) -delete
COPY --from=build /built ./
RUN rm -rf sdk && for each in services/*; do test -e node_modules/@imclr/${each##*/} || rm -rf $each; done

FROM ${DEBIAN_IMAGE}
WORKDIR /srv/imclr
COPY --from=packages /usr/local/bin/node /usr/local/bin/
COPY --from=program /srv/imclr ./
COPY docker/isReady.mjs /usr/local/lib/
RUN install -d -m 0700 -o 1000 -g 1000 /var/lib/imclr
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4701 IMCLR_LAUNCHER=docker IMCLR_WORK_DIR=/var/lib/imclr/work
VOLUME /var/lib/imclr
EXPOSE 4701
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/usr/local/lib/isReady.mjs"]
CMD ["node", "services/scheduler/dist/main.js"]
