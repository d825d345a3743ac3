package io.lispfabric.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Where {@code serve --dev} has its settings, its key and its data. */
final class DevFolder implements AutoCloseable {
    static final int KEY_ID = 1;

    /** The key of the site and the one after it, that of another site, and that of LISP-SEC. */
    private static final List<String> KEYS =
            List.of("dev.key", "dev-second.key", "dev-other.key", "dev-lisp-sec.key");

    private final Path folder;
    private final boolean temporary;

    private DevFolder(Path folder, boolean temporary) {
        this.folder = folder;
        this.temporary = temporary;
    }

    /** Uses the folder that is named, or makes one that goes away with the process. */
    static DevFolder open(Optional<Path> named) throws CommandFailure {
        try {
            return named.isPresent()
                    ? new DevFolder(Files.createDirectories(named.get().toAbsolutePath()), false)
                    : new DevFolder(Files.createTempDirectory("lispctl-dev-"), true);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot make a folder: " + e, e);
        }
    }

    Path keyFile() {
        return folder.resolve("dev.key");
    }

    /** The settings file; what is already there stays as it is. */
    Path settings(List<Integer> iids) throws CommandFailure {
        var file = folder.resolve("dev.yaml");
        var yaml = new StringBuilder();
        yaml.append("# A server for trying things out: everybody with the key may register");
        yaml.append(" everything.\n");
        yaml.append("member: dev\ndata: data\n");
        yaml.append("lisp: { listen: \"127.0.0.1:4342\" }\n");
        yaml.append("sites:\n  - name: dev\n    site-id: 0\n    keys:\n");
        yaml.append("      - { id: " + KEY_ID + ", secret-file: dev.key, algorithms: [2, 3] }\n");
        yaml.append("      - { id: 2, secret-file: dev-second.key, algorithms: [2, 3] }\n");
        yaml.append("    prefixes:\n");
        for (int iid : iids) {
            for (var prefix : List.of("0.0.0.0/0", "::/0", "mac:00:00:00:00:00:00/0", "name:*")) {
                yaml.append("      - { iid: " + iid + ", prefix: \"" + prefix + "\"");
                yaml.append(", accept-more-specifics: true }\n");
            }
        }
        yaml.append("  # Another site, to see that neither can do what the other may.\n");
        yaml.append("  - name: dev-other\n    site-id: 1\n    keys:\n");
        yaml.append("      - { id: 1, secret-file: dev-other.key, algorithms: [2, 3] }\n");
        yaml.append("    prefixes:\n");
        yaml.append("      - { iid: 16777213, prefix: 10.99.0.0/16 }\n");
        yaml.append("# What ITRs may protect their Map-Requests with (RFC 9303).\n");
        yaml.append("lisp-sec:\n  keys:\n    - { id: 1, secret-file: dev-lisp-sec.key }\n");
        try {
            for (var key : KEYS) {
                if (!Files.exists(folder.resolve(key))) {
                    SecretFile.write(folder.resolve(key));
                }
            }
            if (!Files.exists(file)) {
                Files.writeString(file, yaml);
            }
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot write into " + folder + ": " + e, e);
        }
        return file;
    }

    /** Removes it, if it was only for this run. */
    @Override
    public void close() {
        if (!temporary) {
            return;
        }
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException _) {
            // What is left lies in the system's folder for such things.
        }
    }
}
