package io.lispfabric.lcaf;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The rule that a test checks, such as {@code @Rfc("9301 §5.6")} or {@code @Rfc("R-094")}. {@code
 * docs/compliance.md} is made from these.
 */
@Documented
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Repeatable(Rfc.All.class)
public @interface Rfc {
    String value();

    /** Several rules checked by one test. */
    @Documented
    @Target({ElementType.METHOD, ElementType.TYPE})
    @Retention(RetentionPolicy.RUNTIME)
    @interface All {
        Rfc[] value();
    }
}
