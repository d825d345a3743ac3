package io.lispfabric.wire.app;

import java.time.Duration;
import java.util.regex.Pattern;

/** Lengths of time as people write them, in settings and on command lines: {@code 500ms}. */
public final class TimeText {
    private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|s|m|h|d)");

    /** Far beyond any use, and near enough for every clock that has to count it. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    /** With every unit so many are still counted. */
    private static final int MOST_DIGITS = 12;

    private TimeText() {}

    /**
     * Reads a length of time with its unit: {@code 250ms}, {@code 3s}, {@code 15m}, {@code 24h},
     * {@code 7d}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Duration parse(String text) {
        var match = DURATION.matcher(text);
        if (!match.matches()) {
            throw new IllegalArgumentException(
                    "must be a time with a unit, such as 500ms, 3s or 15m, not '" + text + "'");
        }
        boolean readable = match.group(1).length() <= MOST_DIGITS;
        var duration =
                readable
                        ? duration(Long.parseLong(match.group(1)), match.group(2))
                        : Duration.ofSeconds(Long.MAX_VALUE);
        if (duration.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "must be at most " + LONGEST.toDays() + "d, not '" + text + "'");
        }
        return duration;
    }

    private static Duration duration(long amount, String unit) {
        return switch (unit) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }
}
