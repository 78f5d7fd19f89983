/**
 * How long to wait before a deleted queue is made again. RabbitMQ 3.10 tells consumers of the deletion some 40 ms later
 * (measured); when the queue stands again by then it tells them nothing, and sends them messages they never get.
 */
export const REDECLARE_AFTER_MS = 1_000;
