# PostgreSQL with pgvector from Debian packages, taking the same settings as the official image.
FROM warren-test-debian
COPY postgres-entrypoint.sh /
ENTRYPOINT ["sh", "/postgres-entrypoint.sh"]
