package uncheckedinloop

func more(values []any, m map[string]string, c chan int) {
	s, _ := values[0].(string)
	for _, v := range values {
		_, ok := v.(string)
		s, ok = v.(string)
		if !ok {
			continue
		}
		n, _ := <-c
		s, _ = v.(string) // want `\[unchecked-in-loop\]`
		s, _ = m[s]       // want `\[unchecked-in-loop\]`
		_, _ = n, s
	}
}
