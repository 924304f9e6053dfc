// Package oidc runs a real OpenID provider on loopback for tests: npm's oidc-provider, as
// provider.mjs configures it.
package oidc

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/npm"
)

// The clients of the provider, and their secrets.
const (
	Sender         = "sender"
	SenderSecret   = "the secret of the sender"
	Stranger       = "stranger"
	StrangerSecret = "the secret of a stranger"
	Bound          = "bound" // whose tokens are bound to its certificate
	BoundSecret    = "the secret of a bound one"
	Gate           = "gate" // which asks about tokens, with Basic
	GateSecret     = "a secret: with +, % and ~"
	GatePost       = "gate-post" // which asks with its secret in the form
	GatePostSecret = "a secret in the form"
)

// Provider is one that runs.
type Provider struct {
	*npm.Process
	Issuer string
	client *http.Client
}

// Start runs a provider on a port, or on a free one where that is 0. Stop ends it.
func Start(port int) (*Provider, error) {
	root, err := gateway.Root()
	if err != nil {
		return nil, err
	}
	process, err := npm.Start(filepath.Join(root, "dev", "oidc"), "provider.mjs", strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	return &Provider{Process: process, Issuer: process.URL, client: &http.Client{Timeout: npm.StartPatience}}, nil
}

// Port is where it listens.
func (p *Provider) Port() int {
	u, err := url.Parse(p.Issuer)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port())
	return port
}

// Token has a client fetch a token for a resource, whose last part says what it is to be:
// opaque, RS256 and so on. The certificate is the client's, or nil.
func (p *Provider) Token(client, secret, scope, resource string, certificate *x509.Certificate) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "resource": {resource}}
	answer, err := p.post("/token", client, secret, form, certificate)
	if err != nil {
		return "", err
	}
	token := struct {
		AccessToken string `json:"access_token"`
	}{}
	err = json.Unmarshal(answer, &token)
	if err == nil && token.AccessToken == "" {
		err = errors.New("there is no token in the answer")
	}
	return token.AccessToken, err
}

// Revoke ends a token.
func (p *Provider) Revoke(client, secret, token string) error {
	_, err := p.post("/token/revocation", client, secret, url.Values{"token": {token}}, nil)
	return err
}

// Rotate has it sign with new keys, and publish the old ones too.
func (p *Provider) Rotate() error { return p.control("rotate", nil) }

// Retire has it publish its newest keys alone.
func (p *Provider) Retire() error { return p.control("retire", nil) }

// Misbehave has its answers on some paths hang, or be something else: see provider.mjs.
// The mode well ends that.
func (p *Provider) Misbehave(path, mode string) error {
	return p.control("mode", url.Values{"what": {path}, "mode": {mode}})
}

// Asked returns how often a path was asked for.
func (p *Provider) Asked(path string) (int, error) {
	response, err := p.client.Get(p.Issuer + "/control/asked?" + url.Values{"what": {path}}.Encode())
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func (p *Provider) control(what string, query url.Values) error {
	response, err := p.client.Post(p.Issuer+"/control/"+what+"?"+query.Encode(), "", nil)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func (p *Provider) post(path, client, secret string, form url.Values, certificate *x509.Certificate) ([]byte, error) {
	r, err := http.NewRequest(http.MethodPost, p.Issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	if certificate != nil {
		r.Header.Set("X-Certificate", base64.StdEncoding.EncodeToString(certificate.Raw))
	}
	response, err := p.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, answer)
	}
	return answer, err
}
