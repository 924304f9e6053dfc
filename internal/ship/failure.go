package ship

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// maxCause bounds the text of an error, in bytes.
const maxCause = 200

// failure says in words why there is no answer. Most errors of net/http quote what
// has come back, or the whole URL, so that only those are shown that are known not
// to.
func failure(ctx context.Context, err error, timeout time.Duration) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "gave no answer within " + timeout.String()
	}
	if ctx.Err() != nil {
		return "was left, because the sender was closed"
	}
	certificate := certificateFailure(err)
	if certificate != "" {
		return certificate
	}
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Err != nil {
		// Without the port of this side, which is another one each time.
		return "failed: " + cut(operation.Op+": "+operation.Err.Error())
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "server closed idle connection") {
		return "closed the connection without an answer"
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return "speaks no TLS"
	}
	if strings.HasPrefix(err.Error(), "tls: ") {
		return "failed: " + cut(err.Error())
	}
	return "gave an answer that is none of HTTP"
}

// certificateFailure says what is wrong with a certificate, without its names,
// which are somebody else's text.
func certificateFailure(err error) string {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var other *tls.CertificateVerificationError
	switch {
	case errors.As(err, &authority):
		return "has a certificate of an authority that is not trusted"
	case errors.As(err, &host):
		return "has a certificate for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has a certificate that has expired, or is not valid yet"
	case errors.As(err, &invalid) || errors.As(err, &other):
		return "has a certificate that is not valid"
	}
	return ""
}

func cut(text string) string {
	if len(text) > maxCause {
		return text[:maxCause] + "..."
	}
	return text
}
