package inventory

// Merge adds what another set has, as if it had been read into this one last.
func (s *Set) Merge(other *Set) {
	s.Middlewares = append(s.Middlewares, other.Middlewares...)
	s.Routers = append(s.Routers, other.Routers...)
	s.Statics = append(s.Statics, other.Statics...)
	s.Containers = append(s.Containers, other.Containers...)
	s.Sources = append(s.Sources, other.Sources...)
	s.Findings = append(s.Findings, other.Findings...)
	s.Documents += other.Documents
	for key, kind := range other.Others {
		s.addOther(key, kind)
	}
	for key, what := range other.services {
		s.add(key, what)
	}
	for key := range other.defined {
		s.define(key, other.services[key])
	}
	for provider, names := range other.containers {
		if s.containers == nil {
			s.containers = map[string][]string{}
		}
		s.containers[provider] = append(s.containers[provider], names...)
	}
	for provider := range other.providers {
		s.note(provider)
	}
	s.Environment.Merge(other.Environment)
}
