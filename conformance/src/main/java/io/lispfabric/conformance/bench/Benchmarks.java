package io.lispfabric.conformance.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the benchmarks of this package, each in a process of its own. */
public final class Benchmarks {
    private static final List<Class<?>> ALL =
            List.of(MessageBench.class, AuthenticationBench.class, HeaderBench.class);

    private static final String ALLOCATION = "gc.alloc.rate.norm";
    private static final int WARM_UP = 5;
    private static final int MEASURED = 5;

    private Benchmarks() {}

    /**
     * What was measured.
     *
     * @param name class and method, and the parameters if any
     * @param perSecond operations in a second of one thread
     * @param error half the width of its 99.9 % confidence interval, relative to it
     * @param cpuNanos processor time of the whole process for each operation
     * @param bytes allocated by each operation
     */
    public record Measured(
            String name, double perSecond, double error, double cpuNanos, double bytes) {}

    /**
     * How long to look.
     *
     * @param forks processes for each benchmark, one after another
     * @param seconds of each of the {@value #MEASURED} times that is measured
     */
    public record Effort(int forks, double seconds) {}

    /**
     * Runs what the expression finds in the names; the callers' own virtual machine options hold
     * for the processes too.
     *
     * @throws IllegalStateException when a benchmark fails, or cannot be run
     */
    public static List<Measured> run(String pattern, Effort effort, Consumer<Measured> each) {
        var measured = new ArrayList<Measured>();
        for (var type : ALL) {
            var options =
                    new OptionsBuilder()
                            .include(type.getName() + "\\..*(" + pattern + ").*")
                            .forks(effort.forks())
                            .warmupIterations(WARM_UP)
                            .warmupTime(time(effort.seconds()))
                            .measurementIterations(MEASURED)
                            .measurementTime(time(effort.seconds()))
                            .timeUnit(TimeUnit.SECONDS)
                            .addProfiler(GCProfiler.class)
                            .addProfiler(CpuTime.class)
                            .shouldFailOnError(true)
                            .verbosity(VerboseMode.SILENT)
                            .build();
            try {
                for (var result : new Runner(options).run()) {
                    var row = measured(result);
                    measured.add(row);
                    each.accept(row);
                }
            } catch (NoBenchmarksException _) {
                continue; // none of this class; another one may have one
            } catch (RunnerException e) {
                throw new IllegalStateException("cannot run " + type.getSimpleName(), e);
            }
        }
        return measured;
    }

    private static TimeValue time(double seconds) {
        return TimeValue.milliseconds(Math.round(1000 * seconds));
    }

    private static Measured measured(RunResult result) {
        var primary = result.getPrimaryResult();
        return new Measured(
                name(result),
                primary.getScore(),
                primary.getScoreError() / primary.getScore(),
                secondary(result, CpuTime.LABEL),
                secondary(result, ALLOCATION));
    }

    private static String name(RunResult result) {
        var params = result.getParams();
        var name = new StringBuilder(params.getBenchmark().replaceAll(".*\\.(.+\\..+)", "$1"));
        for (var key : params.getParamsKeys()) {
            name.append(String.format(Locale.ROOT, " %s=%s", key, params.getParam(key)));
        }
        return name.toString();
    }

    private static double secondary(RunResult result, String label) {
        return result.getSecondaryResults().values().stream()
                .filter(it -> it.getLabel().contains(label))
                .mapToDouble(it -> it.getScore())
                .findFirst()
                .orElse(Double.NaN);
    }
}
