package sqs

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"
)

// AWS' own vectors: with and without a session token, a body, and several lines of a header.
func TestSign(t *testing.T) {
	text, err := os.ReadFile("testdata/sigv4.json")
	if err != nil {
		t.Fatal(err)
	}
	suite := struct {
		Time                  time.Time
		Region, Service, Host string
		AccessKeyID           string `json:"access_key_id"`
		SecretAccessKey       string `json:"secret_access_key"`
		Vectors               []vector
	}{}
	if err := json.Unmarshal(text, &suite); err != nil || len(suite.Vectors) != 8 {
		t.Fatal(err, len(suite.Vectors))
	}
	for _, v := range suite.Vectors {
		h := http.Header{}
		for _, one := range v.Headers {
			h.Add(one[0], one[1])
		}
		c := &Credentials{AccessKeyID: suite.AccessKeyID, SecretAccessKey: suite.SecretAccessKey, SessionToken: v.Token}
		sign(h, v.Method, suite.Host, suite.Region, suite.Service, c, []byte(v.Body), suite.Time)
		want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + v.Names + ", Signature=" + v.Signature
		if got := h.Get("Authorization"); got != want {
			t.Errorf("%s:\n%s\n%s", v.Name, got, want)
		}
		if h.Get("X-Amz-Date") != "20150830T123600Z" || v.Token != "" && h.Get("X-Amz-Security-Token") != v.Token {
			t.Errorf("%s: %v", v.Name, h)
		}
	}
}

// vector is one request of the suite.
type vector struct {
	Name, Method, Token, Body, Names, Signature string
	Headers                                     [][2]string
}

// A request of SQS has its own service in the scope.
func TestSignService(t *testing.T) {
	h := http.Header{}
	Sign(h, http.MethodPost, "sqs.eu-central-1.amazonaws.com", "eu-central-1", &Credentials{AccessKeyID: "A", SecretAccessKey: "s"}, nil, time.Unix(0, 0))
	if got := h.Get("Authorization"); len(got) < 80 || got[:73] != "AWS4-HMAC-SHA256 Credential=A/19700101/eu-central-1/sqs/aws4_request, Sig" || h.Get("X-Amz-Security-Token") != "" {
		t.Error(got)
	}
}
