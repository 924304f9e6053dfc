package hookward

// provider is a row of the catalogue. A row holds data only, and in the words
// of a user's configuration: what the catalogue can say of a scheme, anybody
// can say of a scheme of their own.
//
// What only people read stands in the comment above a row, from which the
// documentation's table is made (a row's text costs each start of Traefik its
// share): the provider's name, a colon, remarks, and the lines
//
//	Source: where the scheme is documented, or who has confirmed it.
//	Confidence: official, vector or secondary.
type provider struct {
	Options Options // what the row stands for
	// Ranges is the list that the provider publishes of the addresses which its
	// webhooks come from; nil where there is none that a program can read, or
	// none that the provider says that of.
	Ranges *ListOptions
}

// catalogue holds the providers by their slug, the value of the option
// provider.
var catalogue = mergeCatalogues(
	codeProviders, buildProviders, paymentProviders, billingProviders, commerceProviders, chatProviders,
	mailProviders, workProviders, identityProviders, cloudProviders, standardProviders,
)

func mergeCatalogues(parts ...map[string]provider) map[string]provider {
	all := map[string]provider{}
	for _, part := range parts {
		for slug, row := range part {
			all[slug] = row
		}
	}
	return all
}

// rowOptions returns a copy of a row's options, on which a user's options may
// be laid: the sections are copied, and what a user writes replaces a list.
func rowOptions(row provider) Options {
	o := row.Options
	if row.Options.Signature != nil {
		s := *row.Options.Signature
		o.Signature = &s
	}
	if row.Options.Token != nil {
		t := *row.Options.Token
		o.Token = &t
	}
	return o
}

// yield takes out of a row what a user's options replace by something of another
// kind: a place has two options, of which one is to be given, and a form that
// the user describes is the one form. The row's others would let pass what it
// does not.
func yield(row *Options, user Options) {
	if row.Signature != nil && user.Signature != nil {
		s, u := row.Signature, user.Signature
		if describesForm(u) {
			s.Alternatives = nil
		}
		if u.Field != "" {
			s.Header = nil
		} else if len(u.Header) > 0 {
			s.Field = ""
		}
		yieldPlace(&s.TimestampHeader, &s.TimestampField, u.TimestampHeader, u.TimestampField)
		yieldPlace(&s.IDHeader, &s.IDField, u.IDHeader, u.IDField)
		yieldPlace(&s.EventHeader, &s.EventField, u.EventHeader, u.EventField)
	}
	if row.Token != nil && user.Token != nil {
		t, u := row.Token, user.Token
		if u.Header != "" || u.Query != "" || u.Field != "" || u.Bearer || u.Basic || u.BasicUser != "" {
			*t = TokenOptions{IDHeader: t.IDHeader, IDField: t.IDField, EventHeader: t.EventHeader, EventField: t.EventField}
		}
		yieldPlace(&t.IDHeader, &t.IDField, u.IDHeader, u.IDField)
		yieldPlace(&t.EventHeader, &t.EventField, u.EventHeader, u.EventField)
	}
}

func yieldPlace(header, field *string, userHeader, userField string) {
	if userField != "" {
		*header = ""
	}
	if userHeader != "" {
		*field = ""
	}
}

// describesForm says whether a user's section describes the form of the
// signature, and not only where the delivery's id and the like are.
func describesForm(s *SignatureOptions) bool {
	return s.Algorithm != "" || len(s.Header) > 0 || s.Field != "" || s.Format != "" || s.Signs != "" || s.Items != "" ||
		s.SecretEncoding != "" || s.TimestampHeader != "" || s.TimestampField != "" || s.TimestampUnit != ""
}
