package io.lispfabric.conformance.nemesis;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** A member: {@code lispctl serve} in a process of its own, in its namespace. */
final class Member {
    private static final int LISP = 4342;
    private static final int HTTP = 24080;
    private static final int ADMIN = 24443;
    private static final int RAFT = 24500;
    private static final int PATIENCE_MILLIS = 1_000;

    /** What the members have in common. */
    record Setting(List<String> lispctl, long siteId, String secret, int members, int groups) {
        Setting {
            lispctl = List.copyOf(lispctl);
        }
    }

    private final int number;
    private final Setting setting;
    private final Lab lab;
    private final Path folder;
    private int successions;
    private Optional<Process> process = Optional.empty();
    private boolean expectedToEnd;

    Member(int number, Setting setting, Lab lab, Path work) throws IOException {
        this.number = number;
        this.setting = setting;
        this.lab = lab;
        this.folder = work.resolve(name());
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("site.key"), setting.secret() + "\n");
        configure(IntStream.range(0, setting.members()).mapToObj(it -> "ms-" + it).toList());
    }

    /** {@code ms-1}, and {@code ms-1.2} for the second in its place. */
    String name() {
        return "ms-" + number + (successions == 0 ? "" : "." + (successions + 1));
    }

    /**
     * What runs here from the next start on has another name, and an empty disk.
     *
     * @param names of all members by number, this one's not looked at
     */
    void succeed(List<String> names) throws IOException {
        successions++;
        var all = new ArrayList<>(names);
        all.set(number, name());
        configure(all);
        try (var data = Files.walk(lab.disk(number).resolve("data"))) {
            for (var file : data.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void configure(List<String> names) throws IOException {
        Files.writeString(folder.resolve("ms.yaml"), yaml(names));
    }

    static InetSocketAddress lisp(int number) {
        return new InetSocketAddress(Lab.memberAddress(number), LISP);
    }

    String admin() {
        return Lab.memberAddress(number) + ":" + ADMIN;
    }

    /** Where the other members reach it. */
    private static String raft(int number) {
        return Lab.memberAddress(number) + ":" + RAFT;
    }

    String raft() {
        return raft(number);
    }

    private String yaml(List<String> names) {
        var peers = new StringBuilder();
        for (int i = 0; i < names.size(); i++) {
            peers.append("    - { id: %s, address: \"%s\" }\n".formatted(names.get(i), raft(i)));
        }
        var prefixes = new StringBuilder();
        for (int iid = 1; iid <= Load.IIDS; iid++) {
            prefixes.append(
                    "      - { iid: %d, prefix: 10.0.0.0/8, accelerators: true }\n".formatted(iid));
        }
        var mine = Lab.memberAddress(number);
        return """
        member: %s
        data: disk/data
        cluster:
          name: nemesis
          groups: %d
          peers:
        %slisp: { listen: "%s:%d", reply-to: source-port, replies-per-second: 1000000 }
        admin: { listen: "%s:%d", insecure: true }
        http: { listen: "%s:%d", insecure: true }
        registration-timeout: 15m
        sites:
          - name: nemesis
            site-id: %d
            keys: [ { id: 1, secret-file: site.key } ]
            prefixes:
        %s\
        """
                .formatted(
                        name(),
                        setting.groups(),
                        peers,
                        mine,
                        LISP,
                        mine,
                        ADMIN,
                        mine,
                        HTTP,
                        setting.siteId(),
                        prefixes);
    }

    void start() throws IOException {
        var temporary = folder.resolve("tmp");
        Files.createDirectories(temporary);
        try (var left = Files.list(temporary)) { // by a process that was killed
            for (var file : left.toList()) {
                Files.delete(file);
            }
        }
        var command = new ArrayList<>(lab.inside(number));
        command.addAll(setting.lispctl());
        command.add(1 + lab.inside(number).size(), "-Djava.io.tmpdir=" + temporary);
        command.addAll(List.of("serve", "-c", folder.resolve("ms.yaml").toString()));
        var log = ProcessBuilder.Redirect.appendTo(folder.resolve("ms.log").toFile());
        var started =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
        started.getOutputStream().close();
        process = Optional.of(started);
        expectedToEnd = false;
    }

    private Process running() {
        return process.orElseThrow(() -> new IllegalStateException(name() + " was not started"));
    }

    /** {@code kill -9}. */
    void kill() throws InterruptedException {
        expectedToEnd = true;
        if (process.isPresent()) {
            running().destroyForcibly().waitFor();
        }
    }

    /**
     * SIGTERM.
     *
     * @return whether it has ended within half a minute
     */
    boolean end() throws InterruptedException {
        expectedToEnd = true;
        running().destroy();
        return running().waitFor(30, TimeUnit.SECONDS);
    }

    void stop() throws IOException, InterruptedException {
        Shell.run("kill", "-STOP", String.valueOf(running().pid()));
    }

    void goOn() throws IOException, InterruptedException {
        Shell.run("kill", "-CONT", String.valueOf(running().pid()));
    }

    /** Has it write to its log what its threads do, and beside that what it says of itself. */
    void tellAll() throws IOException, InterruptedException {
        if (running().isAlive()) {
            Files.writeString(folder.resolve("metrics"), metrics().orElse(""));
            Shell.run("kill", "-QUIT", String.valueOf(running().pid()));
        }
    }

    /** How it has ended without being told to; nothing if it lives. */
    Optional<String> failure() {
        return process.filter(it -> !it.isAlive() && !expectedToEnd)
                .map(it -> "has ended by itself, with code " + it.exitValue());
    }

    boolean isReady() {
        return get("/readyz").filter(it -> it.startsWith("ok")).isPresent();
    }

    /** What it says of itself; nothing when it does not answer. */
    Optional<String> metrics() {
        return get("/metrics");
    }

    /** A number of its metrics. */
    static Optional<String> value(String metrics, String name) {
        return metrics.lines()
                .filter(it -> it.startsWith(name + " "))
                .map(it -> it.substring(name.length() + 1))
                .findFirst();
    }

    boolean leads() {
        return metrics()
                .flatMap(it -> value(it, "lisp_log_leader"))
                .filter(it -> !it.startsWith("0"))
                .isPresent();
    }

    private Optional<String> get(String path) {
        try {
            var uri = URI.create("http://" + Lab.memberAddress(number) + ":" + HTTP + path);
            var connection = (HttpURLConnection) uri.toURL().openConnection();
            connection.setConnectTimeout(PATIENCE_MILLIS);
            connection.setReadTimeout(PATIENCE_MILLIS);
            connection.setRequestProperty("Connection", "close");
            if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
                return Optional.empty();
            }
            try (var in = connection.getInputStream()) {
                return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (IOException _) {
            return Optional.empty();
        }
    }
}
