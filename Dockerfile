# One image for the API and the workers; docker-compose.yml and deploy/k8s choose which one a container runs.
ARG NODE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

# Built with the development packages. What is copied from here is what an API or a worker reads: scripts/slim-packages.mjs.
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY scripts ./scripts
COPY prisma ./prisma
COPY console ./console
COPY schema.graphql ./
COPY docs/manifest.schema.json ./docs/
COPY src ./src
# Renderers read code that is compiled for the image's own Node; that of the lock file is for machines with an older one.
RUN NODE_ENV=development node scripts/setup.mjs && rm -rf node_modules/node-linux-* node_modules/.bin/node \
  && node scripts/compile-renderer.ts && node scripts/slim-packages.mjs \
  && rm -rf console/src console/archive-check scripts package-lock.json .npmrc tsconfig.json
COPY presets.json layouts.json ./
COPY search ./search
COPY assets ./assets
COPY docs ./docs
COPY workers ./workers

# The same Debian and Node without npm and the headers, as one layer: deleting them in a layer of their own would not make it smaller.
# Who may not read a program may not look into its processes: without namespaces renderers have the account of their parent, whose
# environment and memory they could read otherwise.
FROM ${NODE} AS base
RUN rm -rf /usr/local/include /usr/local/lib/node_modules /usr/local/share/doc /usr/local/share/man /opt/yarn-* /usr/local/bin/npm \
  /usr/local/bin/npx /usr/local/bin/yarn /usr/local/bin/yarnpkg /usr/local/bin/corepack \
  && chmod 711 /usr/local/bin/node \
  # Without buckets pictures and generated secrets are kept there: mount a volume. With buckets and secrets configured, nothing is written.
  && mkdir /data && chown node:node /data

FROM scratch
# hadolint ignore=DL3067
COPY --from=base / /
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV NODE_ENV=production DATA_DIR=/data HOST=0.0.0.0 HEARTBEAT_FILE=/tmp/heartbeat
# Fargate gives a volume the permissions that the image has here.
VOLUME ["/tmp"]
# hadolint ignore=DL3066
USER node
EXPOSE 4000
# The process writes the file every 10 s: no second Node is started to look. infra/tasks.ts and deploy/k8s have the same.
# It is a pipe, for a shell.
# hadolint ignore=DL3025
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=60s \
  CMD find "$HEARTBEAT_FILE" -mmin -1 | grep -q .
CMD ["node", "src/bin/api.ts"]
