export const CLIENT_KEY = 'chaos-key-0001';
export const ADMIN_KEY = 'admin-key-0001';

/** As the services want them. */
export const API_KEYS = `chaos:${CLIENT_KEY},root:${ADMIN_KEY}:admin`;
