package hooktest

import (
	"io"
	"net/http"
)

// Backend is a next handler that notes what reached it.
type Backend struct {
	Requests []*http.Request
	Bodies   []string
}

func (b *Backend) Handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte("error: " + err.Error())
		}
		b.Requests = append(b.Requests, r)
		b.Bodies = append(b.Bodies, string(body))
		rw.Header().Set("Content-Length", "3")
		rw.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(rw, "ok\n")
	})
}
