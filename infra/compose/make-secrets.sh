#!/bin/sh
# Makes the logins and the API key that docker-compose.yml reads, each once: a second run changes nothing.
# Usage: sh infra/compose/make-secrets.sh [FOLDER]
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# The folder keeps others out; the files themselves are readable because the containers' users differ.
put() {
  [ -e "$folder/$1" ] && return
  printf '%s\n' "$2" >"$folder/$1.new"
  chmod 444 "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
  echo "made $folder/$1"
}

put broker_password "$(random)"
put postgres_password "$(random)"
# Keys of model providers: yours to fill in.
put hf_token ""
put openai_api_key ""
put api_keys "main:$(random):admin"

broker=$(cat "$folder/broker_password")
put rabbitmq_login "default_user = warren
default_pass = $broker"
put amqp_url "amqp://warren:$broker@rabbitmq:5672"
put management_url "http://warren:$broker@rabbitmq:15672"
put database_url "postgres://warren:$(cat "$folder/postgres_password")@postgres:5432/warren"

echo "API key: $(cut -d: -f2 "$folder/api_keys")"
