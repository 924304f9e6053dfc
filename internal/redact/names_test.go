package redact

import (
	"strings"
	"testing"
)

func TestSensitiveNames(t *testing.T) {
	for _, name := range words(`password Password PASSWORD passWord pass-word pass_word pass.word userPassword password2 password_hash
		passwd pswd pwd db_pwd passphrase passcode passkey pass userPass smtp_pass Passwort
		secret client_secret clientSecret SECRET_KEY secrets token access_token refreshToken id_token csrf_token X-Gitlab-Token tokens xsrf
		api_key apiKey API-KEY X-Api-Key apikeys app_key access_key AWSAccessKeyId accessKey private_key privateKey signing_key encryptionKey ssh_key deploy_key stream_key
		credential credentials X-Amz-Credential keystore mnemonic seed_phrase
		authorization Authorization Proxy-Authorization authorisation auth Auth x-auth basic_auth oauth oauth2 user.auth
		cookie Cookie Set-Cookie cookies session_id sessionId JSESSIONID PHPSESSID session bearer jwt userJWT
		signature Signature X-Hub-Signature X-Hub-Signature-256 x-signature-ed25519 signature_v2 signatures sig SIG x_sig PayPal-Transmission-Sig sign hmac X-Shopify-Hmac-Sha256
		otp OTP smsOTP otp_code OTPCode totp one_time_code verification_code recovery_codes backupCode sms_code loginPin
		pin Pin user_pin userPin PIN pins card-pin ssn SSN userSSN user[ssn] social_security_number pan cardPan card_number cardNumber card-no cc_number creditCard credit_card
		cvv cvc CVV2 cardCvc cvc_check csc iban IBAN bank_iban accountNumber bank_account_number routing_number sort_code passport_number
		connection_string databaseUrl DATABASE_URL redis_url dsn SubscribeURL magic_link reset_url response_url invitationToken confirmationUrl
		access_url_secret paswd basicAuth pkcs12 private_pem backup_phrase mysql_uri taxNumber tax_id_no accountnum national_id login_link sms_pass cc_no creditcard debit_card
		activationLink app_license_key webhook_key cipherKey rsa_key sessid verifyCode authorization_code 2fa_code account_key sortCode routingNum cardpan`) {
		if !SensitiveName(name) {
			t.Errorf("%s is not secret", name)
		}
		if folded := fold(name); stems.Replace(folded) == folded {
			t.Errorf("%s has no stem", name)
		}
	}
	for _, name := range append(words(`author authors author_association authority design assignee designer config signed signed_at sigma
		keyboard key keys keys_url public_key publicKey primary_key foreign_key monkey hotkey key_id issue_key
		pinned pinning pinterest spin opinion shipping panel japan company expand span pandas assn mission passenger compass passed
		bypass class test_pass passing stop option potp ibanez dsname description name email phone address city customer user_name username
		id event event_type session_count checkout sessions account account_id accountName number order_number total amount currency url html_url hooks_url
		sha ref before after head_commit verified verification reason payload code state hash nonce challenge timestamp`), "", "-", "ключ", "名前") {
		if SensitiveName(name) {
			t.Errorf("%s is secret", name)
		}
	}
	if !SensitiveName("密码_token") || !SensitiveName("pa\u017f\u017fword") || !SensitiveName("\u017fecret") || !SensitiveName("to\u212aen") || !SensitiveName(strings.Repeat("x", maxName+1)) || SensitiveName(strings.Repeat("x", maxName)) {
		t.Error("names of other letters, or of great length")
	}
}

func TestCompileRefuses(t *testing.T) {
	for path, want := range map[string]string{
		"":                                      "is empty",
		"  ":                                    "is empty",
		".":                                     "without letters and digits",
		"a.":                                    "without letters and digits",
		"a..b":                                  "without letters and digits",
		".a":                                    "without letters and digits",
		"$.a":                                   "without letters and digits",
		"-":                                     "without letters and digits",
		"a.[]":                                  "without letters and digits",
		"a[x]":                                  "is not a path",
		"a[0":                                   "is not a path",
		"a[-1]":                                 "is not a path",
		"a[]b":                                  "is not a path",
		"a[0]]":                                 "is not a path",
		`a["b"]`:                                "is not a path",
		"a*":                                    "has a name with * in it",
		"***":                                   "has a name with * in it",
		"**":                                    "has to end with a name",
		"a.**":                                  "has to end with a name",
		"[]":                                    "has to end with a name",
		"[][0]":                                 "has to end with a name",
		strings.Repeat("a.", maxSteps) + "a":    "has more than 32 names",
		strings.Repeat("a", maxPath+1):          "has more than 512 bytes",
		strings.Repeat("**.*.", maxSteps) + "a": "has more than 32 names",
	} {
		_, problems := Compile([]string{"good", path}, nil, nil)
		if len(problems) != 1 || problems[0][0] != "redact[1]" || !strings.Contains(problems[0][1], want) {
			t.Errorf("%.80q: %q", path, problems)
		}
	}
	for _, name := range []string{"", "cards", "Card", "\x00"} {
		_, problems := Compile(nil, []string{"card", name}, nil)
		if len(problems) != 1 || problems[0][0] != "redactPatterns[1]" || !strings.HasSuffix(problems[0][1], "is none of card, email and iban") {
			t.Errorf("%q: %q", name, problems)
		}
	}
	_, problems := Compile([]string{"", "a", "b*"}, []string{"x", "card", "email", "iban"}, []string{""})
	if len(problems) != 3 {
		t.Errorf("%q", problems)
	}
	for _, path := range []string{"a", "a.b", "*", "**.a", "*.*", "a[]", "a[*][0].b", "[].a", "a. b", "**.**.a", "ключ.名前", "$ref", "a.*[]"} {
		_, problems := Compile([]string{path}, nil, nil)
		if len(problems) != 0 {
			t.Errorf("%s: %q", path, problems)
		}
	}
}
