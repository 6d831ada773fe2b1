# One image for the API and the workers; docker-compose.yml chooses which one a container runs.
FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
COPY scripts ./scripts
COPY prisma ./prisma
COPY console ./console
COPY schema.graphql ./
COPY docs/manifest.schema.json ./docs/
COPY src ./src
# The Prisma client and the console are built with the development packages, which are then removed, as is the Node that the lock file has for
# machines with an older one. Renderers read code that is compiled for the image's own.
RUN NODE_ENV=development node scripts/setup.mjs && npm prune --omit=dev --loglevel=error \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node && node scripts/compile-renderer.ts
# Who may not read a program may not look into its processes: without namespaces renderers have the account of their parent, whose
# environment and memory they could read otherwise.
RUN chmod 711 "$(command -v node)"
COPY presets.json layouts.json ./
COPY search ./search
COPY assets ./assets
COPY docs ./docs
COPY workers ./workers
# Without buckets pictures and generated secrets are kept here: mount a volume. With buckets and secrets configured, nothing is written.
RUN mkdir /data && chown node:node /data
USER node
ENV DATA_DIR=/data HOST=0.0.0.0
EXPOSE 4000
CMD ["node", "src/bin/api.ts"]
