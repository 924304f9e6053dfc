// Package senders holds what providers publish for signing webhooks, run as
// they publish it against the real Traefik. Its tests need Node.js and npm: the
// packages of package.json are installed from the lock file when they are not
// there.
package senders
