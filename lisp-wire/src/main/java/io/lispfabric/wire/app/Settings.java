package io.lispfabric.wire.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * One mapping of a YAML file, read key by key. Whoever has read all it knows calls {@link
 * #rejectUnread}, so that a misspelt key stops the program rather than being ignored. Every error
 * names the file and the line.
 */
public final class Settings {
    /** Loaded when there is something to say: most commands only read an address here. */
    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(Settings.class);
    }

    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(KiB|MiB|GiB)");
    private static final int MAX_DEPTH = 32;

    private final String file;
    private final String path;
    private final int line;
    private final Map<String, Node> nodes = new LinkedHashMap<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final Set<String> read = new HashSet<>();
    private final List<Settings> children = new ArrayList<>();

    /** A fabric of thousands of sites is smaller. */
    private static final int MOST_OCTETS = 4 << 20;

    private Settings(String file, String path, int line) {
        this.file = file;
        this.path = path;
        this.line = line;
    }

    /** Reads a file. */
    public static Settings load(Path file) throws ConfigException {
        try {
            return parse(file.toString(), TextFile.read(file, MOST_OCTETS));
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read: " + e.getMessage());
        }
    }

    /** Reads text as if it stood in a file of that name. */
    public static Settings parse(String file, String yaml) throws ConfigException {
        var load =
                LoadSettings.builder()
                        .setMaxAliasesForCollections(0)
                        .setAllowDuplicateKeys(false)
                        .build();
        try {
            refuseDepthAndAliases(file, new Parse(load).parseString(yaml));
            var root = new Compose(load).composeString(yaml);
            return root.isEmpty() ? new Settings(file, "", 1) : of(file, "", root.get());
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
            throw new ConfigException(file + ":" + line + ": not YAML: " + e.getProblem());
        } catch (ReaderException e) {
            throw new ConfigException(
                    "%s: not YAML: U+%04X may not be in it".formatted(file, e.getCodePoint()));
        } catch (YamlEngineException e) {
            throw new ConfigException(file + ": not YAML: " + e.getMessage());
        }
    }

    /**
     * The composer recurses, and our settings need few levels. Aliases are how a small file becomes
     * a large one.
     */
    private static void refuseDepthAndAliases(String file, Iterable<Event> events)
            throws ConfigException {
        int depth = 0;
        var collections = new HashSet<Anchor>();
        for (var event : events) {
            if (event instanceof CollectionStartEvent start) {
                start.getAnchor().ifPresent(collections::add);
            }
            if (event instanceof AliasEvent alias && collections.contains(alias.getAlias())) {
                int line = event.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
                throw new ConfigException(
                        file
                                + ":"
                                + line
                                + ": only a single value may have an alias: *"
                                + alias.getAlias());
            }
            if (event instanceof CollectionStartEvent && ++depth > MAX_DEPTH) {
                int line = event.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
                throw new ConfigException(
                        file + ":" + line + ": nested deeper than " + MAX_DEPTH + " levels");
            }
            if (event instanceof CollectionEndEvent) {
                depth--;
            }
        }
    }

    private static Settings of(String file, String path, Node node) throws ConfigException {
        int line = line(node);
        if (!(node instanceof MappingNode mapping)) {
            throw new ConfigException(
                    file
                            + ":"
                            + line
                            + ": "
                            + (path.isEmpty() ? "the file" : path)
                            + " must have keys and values");
        }
        var settings = new Settings(file, path, line);
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw new ConfigException(
                        file + ":" + line(tuple.getKeyNode()) + ": a key must be a word");
            }
            if (settings.nodes.put(key.getValue(), tuple.getValueNode()) != null) {
                throw new ConfigException(
                        file
                                + ":"
                                + line(key)
                                + ": "
                                + settings.name(key.getValue())
                                + " is set twice");
            }
            settings.lines.put(key.getValue(), line(key));
        }
        return settings;
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
    }

    private String name(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** An error at the line of {@code key}, or of the mapping when the key is not there. */
    public ConfigException error(String key, String problem) {
        return new ConfigException(
                file + ":" + lines.getOrDefault(key, line) + ": " + name(key) + ": " + problem);
    }

    /** An error whose reason is what a value's own check said. */
    public ConfigException error(String key, IllegalArgumentException refused) {
        var reason = refused.getMessage();
        return error(key, reason == null ? "cannot be used" : reason);
    }

    public boolean has(String key) {
        return nodes.containsKey(key);
    }

    private Optional<Node> node(String key) {
        read.add(key);
        return Optional.ofNullable(nodes.get(key));
    }

    /** The text of a key, if it is there. */
    public Optional<String> find(String key) throws ConfigException {
        var node = node(key);
        if (node.isEmpty()) {
            return Optional.empty();
        }
        if (!(node.get() instanceof ScalarNode scalar)) {
            throw error(key, "must be a single value");
        }
        return Optional.of(scalar.getValue());
    }

    public String text(String key, String unless) throws ConfigException {
        return find(key).orElse(unless);
    }

    public String text(String key) throws ConfigException {
        return find(key).orElseThrow(() -> error(key, "is missing"));
    }

    /**
     * A value that a parser understands; its {@link IllegalArgumentException} becomes the error.
     */
    public <T> T value(String key, Function<String, T> parse) throws ConfigException {
        return parsed(key, text(key), parse);
    }

    public <T> T value(String key, Function<String, T> parse, T unless) throws ConfigException {
        var text = find(key);
        return text.isEmpty() ? unless : parsed(key, text.get(), parse);
    }

    private <T> T parsed(String key, String text, Function<String, T> parse)
            throws ConfigException {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw error(key, e.getMessage() == null ? "cannot be '" + text + "'" : e.getMessage());
        }
    }

    public boolean flag(String key, boolean unless) throws ConfigException {
        return switch (text(key, Boolean.toString(unless))) {
            case "true" -> true;
            case "false" -> false;
            default -> throw error(key, "must be true or false");
        };
    }

    /** A whole number from {@code least} to {@code most}. */
    public long number(String key, long unless, long least, long most) throws ConfigException {
        return value(key, text -> whole(text, least, most), unless);
    }

    /** A whole number from {@code least} to {@code most} that must be there. */
    public long number(String key, long least, long most) throws ConfigException {
        return value(key, text -> whole(text, least, most));
    }

    private static long whole(String text, long least, long most) {
        if (!text.matches("-?\\d{1,18}")
                || Long.parseLong(text) < least
                || Long.parseLong(text) > most) {
            throw new IllegalArgumentException(
                    "must be a number from " + least + " to " + most + ", not '" + text + "'");
        }
        return Long.parseLong(text);
    }

    /**
     * A length of time with its unit: {@code 250ms}, {@code 3s}, {@code 15m}, {@code 24h}, {@code
     * 7d}.
     */
    public Duration duration(String key, Duration unless) throws ConfigException {
        return value(key, TimeText::parse, unless);
    }

    /** A size in octets with its unit: {@code 512KiB}, {@code 64MiB}, {@code 2GiB}. */
    public long size(String key, long unless) throws ConfigException {
        return value(key, Settings::octets, unless);
    }

    private static long octets(String text) {
        var match = SIZE.matcher(text);
        if (!match.matches()) {
            throw new IllegalArgumentException(
                    "must be a size with a unit, such as 512KiB, 64MiB or 2GiB, not '"
                            + text
                            + "'");
        }
        long amount = Long.parseLong(match.group(1));
        return switch (match.group(2)) {
            case "KiB" -> amount << 10;
            case "MiB" -> amount << 20;
            default -> amount << 30;
        };
    }

    /**
     * {@code host:port}, {@code [2001:db8::1]:4342} or, with a port to fall back on, a bare
     * address.
     */
    public InetSocketAddress address(String key, String unless, int defaultPort)
            throws ConfigException {
        return parsed(key, text(key, unless), text -> socketAddress(text, defaultPort));
    }

    /**
     * Reads {@code host:port}; a port of -1 to fall back on means that the text must name one.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static InetSocketAddress socketAddress(String text, int defaultPort) {
        int colon = text.lastIndexOf(':');
        boolean bare =
                colon < 0
                        || text.indexOf(':') != colon && !text.startsWith("[")
                        || text.endsWith("]");
        var host = bare ? text : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        var digits = bare ? Integer.toString(defaultPort) : text.substring(colon + 1);
        if (!digits.matches("\\d{1,5}") || Integer.parseInt(digits) > 65535 || host.isEmpty()) {
            throw new IllegalArgumentException(
                    "must be an address and a port, such as 127.0.0.1:4342, not '" + text + "'");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(digits));
        } catch (UnknownHostException _) {
            throw new IllegalArgumentException("unknown host '" + host + "'");
        }
    }

    /** A file or folder; a relative one is meant from where the settings file stands. */
    public Path file(String key, String unless) throws ConfigException {
        var parent = Path.of(file).toAbsolutePath().getParent();
        var given = value(key, Path::of, Path.of(unless));
        return parent == null ? given : parent.resolve(given).normalize();
    }

    /**
     * A secret, which never stands in the settings themselves: {@code NAME-file} is the path of a
     * file that holds it (white space around it does not count), {@code NAME-env} the name of an
     * environment variable.
     */
    public byte[] secret(String key) throws ConfigException {
        if (has(key)) {
            throw error(
                    key,
                    "secrets do not stand in this file; use " + key + "-file or " + key + "-env");
        }
        var variable = find(key + "-env");
        if (variable.isPresent() == has(key + "-file")) {
            throw error(key, "needs either " + key + "-file or " + key + "-env");
        }
        if (variable.isPresent()) {
            var value = Optional.ofNullable(System.getenv(variable.get()));
            return value.orElseThrow(() ->
                            error(key + "-env", "the variable " + variable.get() + " is not set"))
                    .getBytes(StandardCharsets.UTF_8);
        }
        var secretFile = file(key + "-file", "");
        if (TextFile.isOpenToAll(secretFile)) {
            Log.LOG.warn(
                    "{} holds a secret, and every user of this host may read it: chmod o-r it",
                    secretFile);
        }
        try {
            return TextFile.read(secretFile, TextFile.MOST_SECRET)
                    .strip()
                    .getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw error(key + "-file", "cannot read " + secretFile + ": " + e.getMessage());
        }
    }

    /** A list of single values. */
    public <T> List<T> values(String key, Function<String, T> parse) throws ConfigException {
        var values = new ArrayList<T>();
        for (var item : items(key)) {
            if (!(item instanceof ScalarNode scalar)) {
                throw error(key, "must be a list of single values");
            }
            values.add(parsed(key, scalar.getValue(), parse));
        }
        return values;
    }

    /** A list of mappings; empty when the key is not there. */
    public List<Settings> list(String key) throws ConfigException {
        var list = new ArrayList<Settings>();
        for (var item : items(key)) {
            var child = of(file, name(key) + "[" + list.size() + "]", item);
            children.add(child);
            list.add(child);
        }
        return list;
    }

    private List<Node> items(String key) throws ConfigException {
        var node = node(key);
        if (node.isEmpty()) {
            return List.of();
        }
        if (!(node.get() instanceof SequenceNode sequence)) {
            throw error(key, "must be a list");
        }
        return sequence.getValue();
    }

    /** The mapping under a key; one without keys when it is not there. */
    public Settings section(String key) throws ConfigException {
        var node = node(key);
        var child =
                node.isEmpty()
                        ? new Settings(file, name(key), line)
                        : of(file, name(key), node.get());
        children.add(child);
        return child;
    }

    /**
     * Fails for the first key that nobody has asked for, here or in a part of this, and says which
     * one may have been meant.
     */
    public void rejectUnread() throws ConfigException {
        for (var key : nodes.keySet()) {
            if (!read.contains(key)) {
                var meant = nearest(key).map(it -> "; did you mean " + it + "?").orElse("");
                throw error(key, "is not a setting" + meant);
            }
        }
        for (var child : children) {
            child.rejectUnread();
        }
    }

    private Optional<String> nearest(String key) {
        return read.stream()
                .filter(known -> distance(key, known) <= Math.max(2, key.length() / 3))
                .min((a, b) -> Integer.compare(distance(key, a), distance(key, b)));
    }

    /** How many letters must be changed, added or left out to make one word the other. */
    private static int distance(String a, String b) {
        var row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
