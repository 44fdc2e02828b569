# One image for all of lastknown: topics, consume, query, replay and the rest are its commands.
#   docker build -t lastknown .
#   docker run --rm lastknown --help

FROM node:24.11.1-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY shared/package.json shared/
COPY producer/package.json producer/
COPY consumer/package.json consumer/
COPY query/package.json query/
COPY stack/package.json stack/
COPY e2e/package.json e2e/
COPY cli/package.json cli/
COPY deploy/package.json deploy/

FROM packages AS built
RUN ["npm", "ci"]
COPY . .
RUN ["npm", "run", "build"]
# What nobody needs to run it, in place: the next stage copies what is left.
RUN ["node", "deploy/image/prune.mjs"]

FROM packages AS production
RUN ["npm", "ci", "--omit=dev"]

FROM node:24.11.1-trixie-slim
WORKDIR /app
COPY --from=production /app/node_modules node_modules/
COPY --from=production /app/package.json ./
COPY --from=built /app/shared shared/
COPY --from=built /app/producer producer/
COPY --from=built /app/consumer consumer/
COPY --from=built /app/query query/
COPY --from=built /app/stack stack/
COPY --from=built /app/e2e e2e/
COPY --from=built /app/cli cli/
COPY --from=built /app/deploy/image deploy/image/
COPY --from=built /app/sample sample/
# A volume that is made for it takes this owner.
RUN ["install", "--directory", "--owner=1000", "--group=1000", "/data"]
ENV NODE_ENV=production \
    LASTKNOWN_LOG_FORMAT=json \
    LASTKNOWN_OPERATIONS_HOST=0.0.0.0 \
    LASTKNOWN_QUERY_HOST=0.0.0.0 \
    LASTKNOWN_DATA_DIRECTORY=/data
USER 1000:1000
EXPOSE 8080 9464
# Whether the process lives; whether it is ready is what /readyz tells.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["node", "/app/deploy/image/health.mjs"]
ENTRYPOINT ["node", "/app/cli/bin/lastknown.js"]
CMD ["--help"]
