package gateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Echo is a backend that answers with the request's body, and with the request's
// headers under X-Echo-.
func Echo(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	for name, values := range r.Header {
		rw.Header()["X-Echo-"+name] = values
	}
	rw.Header().Set("X-Echo-Length", strconv.FormatInt(r.ContentLength, 10))
	rw.Header().Set("Content-Type", "application/octet-stream")
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = rw.Write(body)
}

// Serve runs a backend on a loopback address until the context ends, and returns
// its URL.
func Serve(ctx context.Context, address string, handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	return "http://" + listener.Addr().String(), nil
}
