package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// example is a payload of a provider's, with made-up data: as much of it as shows
// which provider and event it is of. Marks such as <sha> stand where the real one has
// what differs from delivery to delivery, if the signer writes no id into it.
type example struct {
	event       string
	contentType string // empty: JSON
	body        string
}

const formType = "application/x-www-form-urlencoded"

// exampleOf returns the payload that is sent where none is given: the provider's for
// an event, or its first. Where it has none, there is an event alone, and the signer
// writes the smallest body that has what the scheme signs.
func exampleOf(provider, event string) example {
	all := examples[provider]
	for _, e := range all {
		if event == "" || e.event == event {
			return e
		}
	}
	if event == "" {
		event = "test"
	}
	if len(all) > 0 {
		// Better another event's body than none: the scheme's values are in it.
		return example{event: event, contentType: all[0].contentType, body: all[0].body}
	}
	return example{event: event}
}

// fill returns a payload with its marks replaced by values that follow from the
// delivery's id: of another id they are others, so that a gate with replay takes no two
// deliveries for one, and of the same id the same.
func fill(body, id string) string {
	sum := sha256.Sum256([]byte(id))
	h := fmt.Sprintf("%x", sum)
	// Of 15 digits, so that every reader of JSON has it exactly.
	number := 100_000_000_000_000 + binary.BigEndian.Uint64(sum[:8])%900_000_000_000_000
	uuid := h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
	return strings.NewReplacer("<sha>", h[:40], "<hex>", h[:32], "<number>", strconv.FormatUint(number, 10), "<uuid>", uuid).Replace(body)
}

const (
	githubPush = `{"ref":"refs/heads/main","before":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","after":"<sha>","repository":{"id":1001,"name":"kettle","full_name":"example/kettle","private":false,"html_url":"https://github.com/example/kettle"},"pusher":{"name":"ada","email":"ada@example.com"},"sender":{"login":"ada","id":2002},"commits":[{"id":"<sha>","message":"Boil sooner","author":{"name":"Ada","email":"ada@example.com"}}]}`
	githubPing = `{"zen":"Keep it logically awesome.","hook_id":<number>,"hook":{"type":"Repository","id":<number>,"name":"web","active":true,"events":["push"]},"repository":{"id":1001,"name":"kettle","full_name":"example/kettle"}}`
	gitlabPush = `{"object_kind":"push","event_name":"push","ref":"refs/heads/main","checkout_sha":"<sha>","user_name":"Ada","project":{"id":15,"name":"kettle","path_with_namespace":"example/kettle"},"commits":[],"total_commits_count":0}`
	giteaPush  = `{"ref":"refs/heads/main","before":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","after":"<sha>","repository":{"id":15,"name":"kettle","full_name":"example/kettle"},"pusher":{"login":"ada"},"commits":[]}`
	standard   = `{"type":"contact.created","timestamp":"2026-01-02T03:04:05Z","data":{"id":"contact_example","name":"Ada"}}`
)

// examples are the payloads, by the provider's slug. What schemes sign in them is
// written by the signer: timestamps, ids, and the signature itself.
var examples = map[string][]example{
	"github":          {{"push", "", githubPush}, {"ping", "", githubPing}},
	"github-sha1":     {{"push", "", githubPush}, {"ping", "", githubPing}},
	"gitlab":          {{"Push Hook", "", gitlabPush}},
	"gitlab-signed":   {{"Push Hook", "", gitlabPush}},
	"gitea":           {{"push", "", giteaPush}},
	"forgejo":         {{"push", "", giteaPush}},
	"bitbucket-cloud": {{"repo:push", "", `{"push":{"changes":[{"new":{"type":"branch","name":"main","target":{"type":"commit","hash":"<sha>"}}}]},"repository":{"full_name":"example/kettle","uuid":"{00000000-0000-4000-8000-000000000001}"},"actor":{"display_name":"Ada"}}`}},
	"stripe": {
		{"payment_intent.succeeded", "", `{"id":"evt_example","object":"event","api_version":"2025-01-27.acacia","created":1767323045,"livemode":false,"type":"payment_intent.succeeded","data":{"object":{"id":"pi_example","object":"payment_intent","amount":2000,"currency":"eur","status":"succeeded"}}}`},
		{"invoice.paid", "", `{"id":"evt_example","object":"event","api_version":"2025-01-27.acacia","created":1767323045,"livemode":false,"type":"invoice.paid","data":{"object":{"id":"in_example","object":"invoice","amount_paid":2000,"currency":"eur","customer":"cus_example","paid":true}}}`},
		{"customer.subscription.deleted", "", `{"id":"evt_example","object":"event","api_version":"2025-01-27.acacia","created":1767323045,"livemode":false,"type":"customer.subscription.deleted","data":{"object":{"id":"sub_example","object":"subscription","customer":"cus_example","status":"canceled"}}}`},
	},
	"slack": {
		{"app_mention", "", `{"type":"event_callback","team_id":"T00000001","api_app_id":"A00000001","event_id":"Ev00000001","event_time":1767323045,"event":{"type":"app_mention","user":"U00000001","text":"<@U00000002> hello","channel":"C00000001","ts":"1767323045.000100"}}`},
		{"message", "", `{"type":"event_callback","team_id":"T00000001","api_app_id":"A00000001","event_id":"Ev00000002","event_time":1767323045,"event":{"type":"message","user":"U00000001","text":"hello","channel":"C00000001","ts":"1767323045.000200"}}`},
	},
	"shopify": {
		{"orders/create", "", `{"id":<number>,"name":"#1001","email":"ada@example.com","currency":"EUR","total_price":"20.00","line_items":[{"id":1,"title":"Kettle","quantity":1,"price":"20.00"}]}`},
		{"app/uninstalled", "", `{"id":<number>,"name":"Example Shop","domain":"shop.example.com"}`},
	},
	"standard-webhooks":     {{"contact.created", "", standard}},
	"standard-webhooks-v1a": {{"contact.created", "", standard}},
	"svix":                  {{"contact.created", "", standard}},
	"clerk":                 {{"user.created", "", `{"object":"event","type":"user.created","data":{"id":"user_example","object":"user","first_name":"Ada"}}`}},
	"twilio":                {{"", formType, "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01&Body=Hello&From=%2B15005550006&MessageSid=SM<hex>&NumMedia=0&To=%2B15005550001"}},
	"paddle":                {{"transaction.completed", "", `{"event_id":"evt_example","event_type":"transaction.completed","occurred_at":"2026-01-02T03:04:05Z","notification_id":"ntf_example","data":{"id":"txn_example","status":"completed","currency_code":"EUR"}}`}},
	"square":                {{"payment.created", "", `{"merchant_id":"MLEXAMPLE","type":"payment.created","event_id":"example","created_at":"2026-01-02T03:04:05Z","data":{"type":"payment","id":"example","object":{"payment":{"id":"example","amount_money":{"amount":2000,"currency":"EUR"},"status":"APPROVED"}}}}`}},
	"adyen":                 {{"AUTHORISATION", "", `{"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{},"amount":{"currency":"EUR","value":2000},"eventCode":"AUTHORISATION","eventDate":"2026-01-02T03:04:05+00:00","merchantAccountCode":"ExampleCOM","merchantReference":"order 1001","originalReference":"","pspReference":"7914073381342284","success":"true"}}]}`}},
	"discord":               {{"", "", `{"type":2,"id":"1000000000000000001","application_id":"1000000000000000002","token":"example","version":1,"data":{"id":"1000000000000000003","name":"hello","type":1},"channel_id":"1000000000000000004"}`}},
	"telegram":              {{"", "", `{"update_id":<number>,"message":{"message_id":1,"date":1767323045,"chat":{"id":1111,"type":"private","first_name":"Ada"},"from":{"id":1111,"is_bot":false,"first_name":"Ada"},"text":"/start"}}`}},
	"meta":                  {{"whatsapp_business_account", "", `{"object":"whatsapp_business_account","entry":[{"id":"1001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","messages":[{"from":"15005550006","id":"wamid.<hex>","timestamp":"1767323045","type":"text","text":{"body":"hello"}}]}}]}]}`}},
	"linear":                {{"Issue", "", `{"action":"create","type":"Issue","createdAt":"2026-01-02T03:04:05.000Z","data":{"id":"<uuid>","title":"Boil sooner"},"organizationId":"00000000-0000-4000-8000-000000000002","webhookTimestamp":0}`}},
	"atlassian-jira":        {{"jira:issue_created", "", `{"timestamp":1767323045000,"webhookEvent":"jira:issue_created","issue":{"id":"<number>","key":"TEA-1","fields":{"summary":"Boil sooner"}}}`}},
	"mailgun":               {{"delivered", "", `{"signature":{"token":"<sha>0000000000","timestamp":"0","signature":""},"event-data":{"event":"delivered","id":"example","recipient":"ada@example.com","timestamp":1767323045.1}}`}},
	"sendgrid":              {{"", "", `[{"email":"ada@example.com","timestamp":1767323045,"event":"delivered","sg_event_id":"<hex>","sg_message_id":"example.1"}]`}},
	"aws-sns":               {{"Notification", "text/plain; charset=UTF-8", `{"Type":"Notification","MessageId":"00000000-0000-4000-8000-000000000001","TopicArn":"","Message":"hello","Timestamp":"","SignatureVersion":"2","Signature":"","SigningCertURL":"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-example.pem","UnsubscribeURL":"https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe"}`}},
	"openai":                {{"response.completed", "", `{"id":"evt_example","object":"event","created_at":1767323045,"type":"response.completed","data":{"id":"resp_example"}}`}},
	"pagerduty":             {{"incident.triggered", "", `{"event":{"id":"<hex>","event_type":"incident.triggered","resource_type":"incident","occurred_at":"2026-01-02T03:04:05Z","data":{"id":"PEXAMPLE","type":"incident","title":"The kettle is cold"}}}`}},
	"sentry":                {{"issue", "", `{"action":"created","actor":{"type":"application","id":"sentry","name":"Sentry"},"data":{"issue":{"id":"<number>","title":"KettleError: cold","level":"error"}}}`}},
	"grafana":               {{"firing", "", `{"receiver":"example","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"ColdKettle"},"startsAt":"2026-01-02T03:04:05Z"}],"groupKey":"{}:{alertname=\"ColdKettle\"}"}`}},
}
