package io.lispfabric.conformance.fuzz;

import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.xtr.app.AgentConfig;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** A file of settings is taken, or refused with a sentence that says in which file. */
final class SettingsReads {
    /** A file that is not there, beside the examples, which are secrets as good as any. */
    private static final String FILE =
            Seeds.root().resolve(Seeds.EXAMPLES).resolve("settings.yaml").toString();

    /** Other files of this machine are nobody's secrets. */
    private static final Pattern OTHER_FILES = Pattern.compile("file:.*(/|\\.\\.)");

    private SettingsReads() {}

    /** What makes settings of a file's keys. */
    private interface Reader {
        Object read(Settings from) throws ConfigException;
    }

    static void server(byte[] octets) {
        read(octets, ServerConfig::from);
    }

    static void agent(byte[] octets) {
        read(octets, AgentConfig::from);
    }

    private static void read(byte[] octets, Reader reader) {
        var text = new String(octets, StandardCharsets.UTF_8);
        if (OTHER_FILES.matcher(text).find()) {
            return;
        }
        try {
            if (reader.read(Settings.parse(FILE, text)).toString().isEmpty()) {
                throw new AssertionError("settings without a text");
            }
        } catch (ConfigException e) {
            var sentence = String.valueOf(e.getMessage());
            if (!sentence.startsWith(FILE + ":")) {
                throw new AssertionError("of which file: " + sentence, e);
            }
        }
    }
}
