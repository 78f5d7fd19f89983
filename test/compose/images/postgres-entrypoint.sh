set -eu
bin=/usr/lib/postgresql/17/bin
export PGDATA=/var/lib/postgresql/data
as="setpriv --reuid=postgres --regid=postgres --init-groups"
mkdir -p /run/postgresql
chown postgres: "$PGDATA" /run/postgresql
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  cat "$POSTGRES_PASSWORD_FILE" >"$password"
  chown postgres: "$password"
  $as "$bin/initdb" --username="$POSTGRES_USER" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8
  rm "$password"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  $as "$bin/pg_ctl" -w -o "-c listen_addresses=''" start
  $as "$bin/createdb" --username="$POSTGRES_USER" "$POSTGRES_DB"
  $as "$bin/pg_ctl" -w stop
fi
exec $as "$bin/postgres" -c "listen_addresses=*"
