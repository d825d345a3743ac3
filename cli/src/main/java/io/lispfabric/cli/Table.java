package io.lispfabric.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows under headings, in columns as wide as they need to be. */
public final class Table {
    /** How a column stands. */
    public enum Align {
        LEFT,
        RIGHT
    }

    private record Column(String heading, Align align) {}

    private final List<Column> columns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    public Table left(String heading) {
        columns.add(new Column(heading, Align.LEFT));
        return this;
    }

    public Table right(String heading) {
        columns.add(new Column(heading, Align.RIGHT));
        return this;
    }

    /**
     * @throws IllegalArgumentException when there are not as many cells as columns
     */
    public Table row(String... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(
                    cells.length + " cells for " + columns.size() + " columns");
        }
        rows.add(List.of(cells));
        return this;
    }

    /** The lines, each after {@code indent} and without spaces at its end. */
    public List<String> lines(String indent, Ink ink) {
        var widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = columns.get(i).heading().length();
            for (var row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        var lines = new ArrayList<String>();
        lines.add(indent + ink.bold(line(columns.stream().map(Column::heading).toList(), widths)));
        rows.forEach(row -> lines.add(indent + line(row, widths)));
        return lines;
    }

    private String line(List<String> cells, int[] widths) {
        var line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            var padding = " ".repeat(widths[i] - cells.get(i).length());
            line.append(i == 0 ? "" : "  ")
                    .append(columns.get(i).align() == Align.RIGHT ? padding : "")
                    .append(cells.get(i))
                    .append(columns.get(i).align() == Align.LEFT ? padding : "");
        }
        return line.toString().stripTrailing();
    }
}
