# RabbitMQ from Debian packages, in the way of the official image: management on, data owned by a user of its own.
FROM warren-test-debian
RUN rabbitmq-plugins enable --offline rabbitmq_management
ENV RABBITMQ_LOGS=-
COPY rabbitmq-entrypoint.sh /
ENTRYPOINT ["sh", "/rabbitmq-entrypoint.sh"]
