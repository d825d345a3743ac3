package io.lispfabric.cli;

/** How every command ends; scripts depend on these numbers, so they never change. */
public final class ExitCode {
    public static final int OK = 0;

    /** It did not work, for a reason that none of the others names. */
    public static final int FAILURE = 1;

    /** The command line or the settings file is wrong. */
    public static final int USAGE = 2;

    /** The answer is that there is nothing. */
    public static final int NEGATIVE = 3;

    /** Nobody answered. */
    public static final int UNREACHABLE = 4;

    /** Somebody answered that it is not allowed. */
    public static final int DENIED = 5;

    /** It contradicts what is there. */
    public static final int CONFLICT = 6;

    private ExitCode() {}
}
