# syntax=docker/dockerfile:1

# The console is built here and nothing of the tools that build it goes on.
FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Scripts are left out: the image's own Node is new enough, and the pinned one need not be downloaded a second time.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build-console.ts

FROM node:24-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-trixie-slim
ENV NODE_ENV=production \
    HUIDAN_HOST=0.0.0.0 \
    HUIDAN_PORT=8420 \
    HUIDAN_DATA_DIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY src ./src
COPY --from=build /app/console/dist ./console/dist
# The data folder holds the generated keys only: the database is another container's.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8420/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# No shell in between, so that SIGTERM reaches the hub itself.
ENTRYPOINT ["node", "bin/huidan.js"]
CMD ["serve"]
