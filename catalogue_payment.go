package hookward

// paymentProviders are payments.
var paymentProviders = map[string]provider{
	// Stripe: the whole text whsec_... is the key.
	// Source: stripe/stripe-dotnet EventUtility(+Test).
	// Confidence: official.
	"stripe": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Stripe-Signature"},
				Format:     "t={timestamp},v1={hex},...",
				Signs:      "{timestamp}.{body}",
				IDField:    "json:id",
				EventField: "json:type",
			},
		},
		Ranges: &ListOptions{URL: "https://stripe.com/files/ips/ips_webhooks.json", Path: []string{"WEBHOOKS"}},
	},
	// Braintree: senders are your public keys; the form has nothing beside payload
	// and signature.
	// Source: braintree SDK test-suites (verify vector); webhook-co/webhook
	// packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: official.
	"braintree": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:      "hmac-sha1",
				Field:          "form:bt_signature",
				Format:         "{sender}|{hex}&...",
				Signs:          "{only:form:bt_payload}",
				SecretEncoding: "sha1",
				Alternatives: []*AlternativeOptions{
					{Signs: "{only:form:bt_payload}\n"},
				},
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true, Challenge: "query:bt_challenge", Pattern: "hex", Digest: "hmac-sha1", Answer: "{sender}|{hex}"},
			},
		},
	},
	// Square: give the whole publicURL, as Square has it.
	// Source: square/square-nodejs-sdk src/wrapper/WebhooksHelper.ts + tests;
	// documentation example.
	// Confidence: official.
	"square": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"x-square-hmacsha256-signature"},
				Format:     "{base64}",
				Signs:      "{url}{body}",
				IDField:    "json:event_id",
				EventField: "json:type",
			},
		},
	},
	// Adyen (standard webhooks): eight fields of each item are signed, and nothing
	// else of the body.
	// Source: Adyen/adyen-python-api-library Adyen/util.py + tests.
	// Confidence: official.
	"adyen": {
		Options: Options{
			Signature: &SignatureOptions{
				Field:          "json:additionalData.hmacSignature",
				Format:         "{base64}",
				Signs:          "[{json:pspReference}]:[{json:originalReference}]:[{json:merchantAccountCode}]:[{free:json:merchantReference}]:[{json:amount.value}]:[{json:amount.currency}]:[{json:eventCode}]:[{json:success}]",
				Items:          "notificationItems[].NotificationRequestItem",
				SecretEncoding: "hex",
				IDField:        "json:notificationItems[0].NotificationRequestItem.pspReference",
				EventField:     "json:notificationItems[0].NotificationRequestItem.eventCode",
			},
		},
	},
	// Adyen (platform, management, token webhooks): for platform, management and
	// token webhooks.
	// Source: Adyen/adyen-python-api-library Adyen/util.py;
	// SlopMaster2/webhook-verify src/providers/adyen.rs.
	// Confidence: official.
	"adyen-header": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:         []string{"HmacSignature"},
				Format:         "{base64}",
				SecretEncoding: "hex",
				IDField:        "json:data.id",
				EventField:     "json:type",
			},
		},
	},
	// Coinbase Commerce.
	// Source: coinbase/coinbase-commerce-node lib/Webhook.js + test.
	// Confidence: official.
	"coinbase-commerce": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-CC-Webhook-Signature"},
				IDField:    "json:event.id",
				EventField: "json:event.type",
			},
		},
	},
	// Coinbase CDP: the signature v1, which covers the headers it names. The older
	// v0 beside it is left unread: a v1 signature is also one of v0, over a body
	// that begins with these headers.
	// Source: docs.cdp.coinbase.com/webhooks/verify-signatures; hook0/hook0
	// clients/rust/src/signature.rs.
	// Confidence: official.
	"coinbase-cdp": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Hook0-Signature"},
				Format:      "t={timestamp},h={headers},v1={hex},...",
				Signs:       "{timestamp}.{headers}.{headerValues}.{body}",
				IDHeader:    "X-Event-Id",
				EventHeader: "X-Event-Type",
			},
		},
	},
	// Razorpay.
	// Source: razorpay/razorpay-python razorpay/utility/utility.py + tests.
	// Confidence: official.
	"razorpay": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-Razorpay-Signature"},
				IDHeader:   "x-razorpay-event-id",
				EventField: "json:event",
			},
		},
	},
	// Paystack.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"paystack": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "hmac-sha512",
				Header:     []string{"x-paystack-signature"},
				IDField:    "json:data.id",
				EventField: "json:event",
			},
		},
	},
	// GoCardless.
	// Source: gocardless/gocardless-pro-python + nodejs tests.
	// Confidence: official.
	"gocardless": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:  []string{"Webhook-Signature"},
				IDField: "json:meta.webhook_id",
			},
		},
	},
	// Flutterwave v3: a fixed word says nothing about the body.
	// Source: (several public repositories).
	// Confidence: secondary.
	"flutterwave-v3": {
		Options: Options{
			Token: &TokenOptions{
				Header:     "verif-hash",
				IDField:    "json:data.id",
				EventField: "json:event",
			},
		},
	},
	// Flutterwave v4.
	// Source: (several public repositories).
	// Confidence: secondary.
	"flutterwave-v4": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"flutterwave-signature"},
				Format:     "{base64}",
				IDField:    "json:id",
				EventField: "json:type",
			},
		},
	},
	// Mollie (next-gen): during a rotation the header comes twice. Classic webhooks
	// are not signed.
	// Source: SlopMaster2/webhook-verify src/providers/mollie.rs (cites
	// docs.mollie.com/reference/webhooks-new, mollie-api-php SignatureValidator).
	// Confidence: secondary.
	"mollie": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-Mollie-Signature"},
				Format:     "sha256={hex},...",
				IDField:    "json:id",
				EventField: "json:type",
			},
		},
	},
	// Checkout.com.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"checkout-com": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Cko-Signature"},
				IDField:    "json:id",
				EventField: "json:type",
			},
		},
	},
	// Affirm.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"affirm": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "hmac-sha512",
				Header:    []string{"X-Affirm-Signature"},
				Format:    "t={timestamp},v0={hex},...",
				Signs:     "{timestamp}.{body}",
			},
		},
	},
	// Authorize.Net: the key is the text of the signature key, not what its
	// hexadecimal digits stand for.
	// Source: a captured delivery, omnipay-authorizenet AcceptNotificationTest;
	// webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: vector.
	"authorize-net": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "hmac-sha512",
				Header:     []string{"X-ANET-Signature"},
				Format:     "sha512={hex}",
				IDField:    "json:notificationId",
				EventField: "json:eventType",
			},
		},
	},
	// Mercado Pago: id and request are signed, and NOTHING of the body.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"mercado-pago": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:        []string{"x-signature"},
				Format:        "ts={timestamp},v1={hex},...",
				Signs:         "[id:{lower:query:data.id};][request-id:{header:X-Request-Id};]ts:{timestamp};",
				TimestampUnit: "epoch",
				IDHeader:      "X-Request-Id",
				EventField:    "json:type",
			},
		},
	},
}
