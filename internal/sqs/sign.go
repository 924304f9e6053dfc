// Package sqs knows how a message is sent to a queue of Amazon SQS: SendMessage of its JSON
// protocol, signed by Signature Version 4. It must not know what a message is for, nor how a
// request travels.
//
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package sqs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sort"
	"strings"
	"time"
)

// Credentials are an access key. A temporary one has a session token.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeLayout = "20060102T150405Z"
	service    = "sqs"
)

// Sign signs a request whose path is /, with all headers that it has by then and the host,
// at a time. It adds X-Amz-Date, Authorization, and X-Amz-Security-Token where there is one.
func Sign(h http.Header, method, host, region string, c *Credentials, body []byte, now time.Time) {
	sign(h, method, host, region, service, c, body, now)
}

func sign(h http.Header, method, host, region, service string, c *Credentials, body []byte, now time.Time) {
	at := now.UTC().Format(timeLayout)
	h.Set("X-Amz-Date", at)
	if c.SessionToken != "" {
		h.Set("X-Amz-Security-Token", c.SessionToken)
	}
	lines, names := canonicalHeaders(h, host)
	request := method + "\n/\n\n" + lines + "\n" + names + "\n" + hexSum(body)
	scope := at[:8] + "/" + region + "/" + service + "/aws4_request"
	key := []byte("AWS4" + c.SecretAccessKey)
	for _, part := range strings.Split(scope, "/") {
		key = mac(key, part)
	}
	signature := hex.EncodeToString(mac(key, algorithm+"\n"+at+"\n"+scope+"\n"+hexSum([]byte(request))))
	h.Set("Authorization", algorithm+" Credential="+c.AccessKeyID+"/"+scope+", SignedHeaders="+names+", Signature="+signature)
}

// canonicalHeaders returns the lines of all headers and the host, and their names, sorted.
func canonicalHeaders(h http.Header, host string) (string, string) {
	values := map[string]string{"host": host}
	names := []string{"host"}
	for name := range h {
		lower := strings.ToLower(name)
		trimmed := make([]string, 0, len(h[name]))
		for _, v := range h[name] {
			trimmed = append(trimmed, strings.Join(strings.Fields(v), " "))
		}
		values[lower] = strings.Join(trimmed, ",")
		names = append(names, lower)
	}
	sort.Strings(names)
	lines := ""
	for _, name := range names {
		lines += name + ":" + values[name] + "\n"
	}
	return lines, strings.Join(names, ";")
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text))
	return m.Sum(nil)
}

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
