// Command alloy prints what Alloy's own parser reads in a configuration, as JSON:
//
//	cd alloy && go run . ../../../deploy/alloy/config.alloy
//
// Each block has its name, label, attributes and blocks. An attribute has the components that it refers to, or where there are
// none the value that Alloy would give it in this environment, or the error. `formatted` says whether `alloy fmt` would leave the
// file alone.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
	"github.com/grafana/alloy/syntax/vm"
)

type config struct {
	Formatted bool    `json:"formatted"`
	Blocks    []block `json:"blocks"`
}

type block struct {
	Name       string               `json:"name"`
	Label      string               `json:"label"`
	Attributes map[string]attribute `json:"attributes"`
	Blocks     []block              `json:"blocks"`
}

type attribute struct {
	References []string `json:"references,omitempty"`
	Value      any      `json:"value,omitempty"`
	Error      string   `json:"error,omitempty"`
}

func main() {
	log.SetFlags(0)
	path := os.Args[1]
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	file, err := parser.ParseFile(path, text)
	if err != nil {
		log.Fatal(err)
	}
	var printed bytes.Buffer
	if err := printer.Fprint(&printed, file); err != nil {
		log.Fatal(err)
	}
	printed.WriteByte('\n') // as `alloy fmt` does
	if len(os.Args) > 2 && os.Args[2] == "fmt" {
		os.Stdout.Write(printed.Bytes())
		return
	}
	whole := readBody(file.Body)
	if err := json.NewEncoder(os.Stdout).Encode(config{bytes.Equal(text, printed.Bytes()), whole.Blocks}); err != nil {
		log.Fatal(err)
	}
}

func readBody(body ast.Body) block {
	read := block{Attributes: map[string]attribute{}, Blocks: []block{}}
	for _, statement := range body {
		switch statement := statement.(type) {
		case *ast.AttributeStmt:
			read.Attributes[statement.Name.Name] = readAttribute(statement.Value)
		case *ast.BlockStmt:
			inner := readBody(statement.Body)
			inner.Name, inner.Label = strings.Join(statement.Name, "."), statement.Label
			read.Blocks = append(read.Blocks, inner)
		}
	}
	return read
}

func readAttribute(expression ast.Expr) attribute {
	found := references{}
	ast.Walk(&found, expression)
	if len(found) > 0 {
		return attribute{References: found}
	}
	var value any
	if err := vm.New(expression).Evaluate(nil, &value); err != nil {
		return attribute{Error: err.Error()}
	}
	return attribute{Value: value}
}

// references are the paths a.b.c of an expression, those of the standard library left out.
type references []string

func (r *references) Visit(node ast.Node) ast.Visitor {
	switch node := node.(type) {
	case *ast.AccessExpr:
		if path := pathOf(node); path != "" {
			r.add(path)
			return nil
		}
	case *ast.IdentifierExpr:
		r.add(node.Ident.Name)
	}
	return r
}

func (r *references) add(path string) {
	switch strings.Split(path, ".")[0] {
	case "array", "coalesce", "string", "sys":
	default:
		*r = append(*r, path)
	}
}

func pathOf(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.IdentifierExpr:
		return expression.Ident.Name
	case *ast.AccessExpr:
		if before := pathOf(expression.Value); before != "" {
			return before + "." + expression.Name.Name
		}
	}
	return ""
}
