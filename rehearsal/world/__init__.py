"""The rehearsal world: a small language of coloured shapes, a painter that draws it and a judge that sees it."""
