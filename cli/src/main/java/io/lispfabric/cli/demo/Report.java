package io.lispfabric.cli.demo;

import io.lispfabric.cli.Json;
import java.util.List;

/** How one scenario went. */
record Report(String scenario, String line, List<Check> checks) {
    Report {
        checks = List.copyOf(checks);
    }

    boolean ok() {
        return checks.stream().allMatch(Check::ok);
    }

    Json json() {
        return Json.object()
                .put("name", scenario)
                .put("checks", checks.stream().map(Check::json).collect(Json.toArray()));
    }
}
