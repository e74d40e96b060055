#!/bin/sh
# Writes what compose.yaml and the NATS configuration need and nobody may know into the folder `secrets`, once.
#   ./make-secrets.sh watch.example.org
# The folder is closed to other users of the machine; the files in it are open, since processes in containers have users
# of their own. The certificate is signed by nobody: put one that phones believe into its place (the chain, then the key).
set -eu
name=${1:?the name under which people reach the service}
umask 077
mkdir secrets
cd secrets
secret() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
put() { printf '%s\n' "$2" > "$1"; chmod 444 "$1"; }

postgres=$(secret) token=$(secret) route=$(secret)
put postgres_password "$postgres"
put database "postgresql://mimamori:$postgres@postgres/mimamori"
put nats "nats://$token@nats-1:4222,nats://$token@nats-2:4222,nats://$token@nats-3:4222"
put detector_secret "$(secret)"
put clients.conf "authorization { token: \"$token\" }"
put routes.conf "authorization { user: route, password: \"$route\" }
routes: [ nats://route:$route@nats-1:6222, nats://route:$route@nats-2:6222, nats://route:$route@nats-3:6222 ]"
if command -v openssl > /dev/null; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj "/CN=$name" \
    -addext "subjectAltName=DNS:$name" -keyout key.pem -out certificate.pem 2> /dev/null
  cat key.pem >> certificate.pem
  rm key.pem
  chmod 444 certificate.pem
else
  echo "There is no openssl here: put a certificate for $name and its key into secrets/certificate.pem."
fi
echo "Keep a copy of secrets/detector_secret apart: without it every detector needs a new provisioning file."
