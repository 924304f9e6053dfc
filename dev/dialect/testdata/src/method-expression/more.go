package methodexpression

type list struct{}

func (*list) add(_ int) {}

func expressions() {
	f := (*list).add // want `\[method-expression\] \(\*list\).add`
	f(&list{}, 1)
	(*list).add(&list{}, 1) // want `\[method-expression\]`

	g := (&list{}).add // a method value
	g(1)
}
