package io.lispfabric.conformance.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What Jazzer calls: the target is the one that the property {@code fuzz.target} names. By itself
 * it lists the targets, or writes a target's seeds into a folder: {@code FuzzMain [TARGET FOLDER]}.
 */
public final class FuzzMain {
    private static final Allocation ALLOCATION = new Allocation(16);
    private static final FuzzTarget TARGET =
            FuzzTarget.of(System.getProperty("fuzz.target", FuzzTarget.MESSAGE.title()));

    private FuzzMain() {}

    /** Called first: what takes long only once, loading classes, is not to be taken for a hang. */
    public static void fuzzerInitialize() throws IOException {
        Seeds.of(TARGET).forEach(TARGET::run);
    }

    /** Called for every input. */
    public static void fuzzerTestOneInput(byte[] octets) {
        ALLOCATION.bounded(TARGET, octets);
    }

    /** Run by {@code conformance/fuzz/fuzz.sh}. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length == 0) {
            for (var target : FuzzTarget.values()) {
                System.out.println(target.title());
            }
            return;
        }
        var folder = Files.createDirectories(Path.of(arguments[1]));
        int number = 0;
        for (var seed : Seeds.of(FuzzTarget.of(arguments[0]))) {
            Files.write(folder.resolve("seed-" + number++), seed);
        }
    }
}
