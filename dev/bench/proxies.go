package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// errMissing is the error of a contender that is not installed.
var errMissing = errors.New("is not installed")

// The module wants to find its own Lua files where Debian has them. The worker
// processes keep bodies in memory, as hookward does.
const nginxConf = `daemon off;
pid pid;
error_log error.log;
worker_processes auto;
load_module %[1]s/ndk_http_module.so;
load_module %[1]s/ngx_http_lua_module.so;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  client_max_body_size 1m;
  client_body_buffer_size 1m;
  keepalive_requests 1000000000;
  limit_req_zone $binary_remote_addr zone=limited:1m rate=1r/m;
  limit_req_status 429;
  upstream backend { server %[2]s; keepalive 64; keepalive_requests 1000000000; }
  init_by_lua_file verify.lua;
  server {
    listen %[3]s;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location /hooks/ { access_by_lua_block { verify() } proxy_pass http://backend; }
    location /limited/ { limit_req zone=limited; access_by_lua_block { verify() } proxy_pass http://backend; }
  }
}
`

// One call of OpenSSL, which nginx has loaded anyway: LuaJIT can't do it faster.
const verifyLua = `local ffi = require "ffi"
ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int length, const char *data, size_t n, unsigned char *sum, unsigned int *size);
int CRYPTO_memcmp(const void *a, const void *b, size_t n);
unsigned char *ngx_hex_dump(unsigned char *to, const unsigned char *from, size_t n);
]]
local C = ffi.C
local key = "%s"
local sum, text = ffi.new("unsigned char[32]"), ffi.new("unsigned char[64]")
function verify()
  ngx.req.read_body()
  local given, body = ngx.var.http_x_hub_signature_256, ngx.req.get_body_data()
  if not given or not body or #given ~= 71 or given:sub(1, 7) ~= "sha256=" then
    return ngx.exit(401)
  end
  C.HMAC(C.EVP_sha256(), key, #key, body, #body, sum, nil)
  C.ngx_hex_dump(text, sum, 32)
  if C.CRYPTO_memcmp(given:sub(8), text, 64) ~= 0 then
    return ngx.exit(401)
  end
end
`

func beginNginx(e *environment, _ int) (*instance, error) {
	binary, err := installed("nginx")
	if err != nil {
		return nil, err
	}
	const modules = "/usr/lib/nginx/modules"
	if _, err := os.Stat(filepath.Join(modules, "ngx_http_lua_module.so")); err != nil {
		return nil, fmt.Errorf("nginx' Lua module %w", errMissing)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := e.directory("nginx")
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "nginx.conf"), fmt.Appendf(nil, nginxConf, modules, e.backend, address), 0o644),
		os.WriteFile(filepath.Join(dir, "verify.lua"), fmt.Appendf(nil, verifyLua, secret), 0o644),
	)
	if err != nil {
		return nil, err
	}
	return proxy(exec.Command(binary, "-p", dir, "-e", "error.log", "-c", filepath.Join(dir, "nginx.conf")), address)
}

// largeBuffers are for bodies of up to 1 MiB: HAProxy verifies what is in its
// buffer. The default of 16 KiB does for small deliveries, and is cheaper.
const largeBuffers = "global\n  tune.bufsize 1081344\n"

const haproxyCfg = `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-buffer-request
  http-reuse always
frontend hooks
  bind %[1]s
  stick-table type ip size 1k expire 1h store http_req_rate(1h)
  acl limited path_beg /limited/
  http-request track-sc0 src if limited
  http-request deny deny_status 429 if limited { sc_http_req_rate(0) gt 1 }
  http-request set-var(txn.mac) req.body,hmac(sha256,%[2]s),hex,lower
  http-request set-var(txn.given) req.hdr(X-Hub-Signature-256),regsub(^sha256=,)
  http-request deny deny_status 401 unless { var(txn.given),secure_memcmp(txn.mac) }
  default_backend service
backend service
  server s1 %[3]s
`

func beginHAProxy(e *environment, name, global string) (*instance, error) {
	binary, err := installed("haproxy")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := e.directory(name)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "haproxy.cfg")
	text := global + fmt.Sprintf(haproxyCfg, address, base64.StdEncoding.EncodeToString([]byte(secret)), e.backend)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return proxy(exec.Command(binary, "-db", "-f", file), address)
}

// proxy starts a server that is not Traefik.
func proxy(command *exec.Cmd, address string) (*instance, error) {
	p, err := start(command)
	if err != nil {
		return nil, err
	}
	if err := p.until(func() bool { return listening(address) }); err != nil {
		p.stop()
		return nil, err
	}
	return &instance{address: address, gateway: p}, nil
}

// installed finds a command where Debian puts servers, too.
func installed(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	path := "/usr/sbin/" + name
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s %w", name, errMissing)
	}
	return path, nil
}
