# As infra/Dockerfile ends, of what is built and installed already: nothing is downloaded.
FROM warren-test-debian
WORKDIR /app
ENV NODE_ENV=production HEALTH_HOST=0.0.0.0 HEALTH_PORT=9000 DATA_DIR=/data
RUN useradd --uid 1000 --user-group node && mkdir /data && chown node:node /data
COPY node_modules node_modules
COPY dist dist
COPY package.json LICENSE ./
USER node
EXPOSE 8000 9000
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/services/gateway/main.js"]
