package io.lispfabric.lcaf;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where on Earth a thing is, and its address (RFC 8060 §4.3). Whoever can do without telling this
 * does not tell it.
 *
 * <pre>
 * |N|     Latitude Degrees        |    Minutes    |    Seconds    |
 * |E|     Longitude Degrees       |    Minutes    |    Seconds    |
 * |                            Altitude                           |
 * |              AFI = x          |         Address  ...          |
 * </pre>
 *
 * @param north N: north of the equator, otherwise south
 * @param latitude at most 90 degrees
 * @param east E: east of the Prime Meridian, otherwise west
 * @param longitude at most 180 degrees
 * @param altitude metres above sea level; less than 0 below it
 */
public record GeoCoordinates(
        boolean north,
        Angle latitude,
        boolean east,
        Angle longitude,
        OptionalInt altitude,
        LispAddress address)
        implements Lcaf {
    public static final int TYPE = 5;

    private static final int NO_ALTITUDE = 0x7FFF_FFFF;
    private static final int SIGN = 1 << 31;
    private static final int POLE = 90;
    private static final int ANTIMERIDIAN = 180;

    /**
     * Degrees, minutes and seconds.
     *
     * @param degrees 0 to 180
     * @param minutes 0 to 59
     * @param seconds 0 to 59
     */
    public record Angle(int degrees, int minutes, int seconds) {
        /**
         * @throws IllegalArgumentException when a part is out of its range, or the whole over 180
         *     degrees
         */
        public Angle {
            if (!isAngle(degrees, minutes, seconds, ANTIMERIDIAN)) {
                throw new IllegalArgumentException(
                        "not an angle: " + degrees + ":" + minutes + ":" + seconds);
            }
        }

        private static boolean isAngle(int degrees, int minutes, int seconds, int most) {
            return degrees >= 0
                    && (degrees < most || degrees == most && minutes == 0 && seconds == 0)
                    && minutes >= 0
                    && minutes < 60
                    && seconds >= 0
                    && seconds < 60;
        }

        private static Angle read(WireReader in, int word, int most) {
            int degrees = word >>> 16 & 0x7FFF;
            int minutes = word >>> 8 & 0xFF;
            int seconds = word & 0xFF;
            if (!isAngle(degrees, minutes, seconds, most)) {
                throw in.flaw(Flaw.BAD_VALUE);
            }
            return new Angle(degrees, minutes, seconds);
        }

        private void write(boolean sign, WireWriter out) {
            out.u16((sign ? 1 << 15 : 0) | degrees).u8(minutes).u8(seconds);
        }

        /** {@code 51:28:38}. */
        @Override
        public String toString() {
            return degrees + ":" + minutes + ":" + seconds;
        }
    }

    /**
     * @throws IllegalArgumentException when the latitude is over 90 degrees, or the altitude is the
     *     number that stands for none
     */
    public GeoCoordinates {
        if (!Angle.isAngle(latitude.degrees, latitude.minutes, latitude.seconds, POLE)) {
            throw new IllegalArgumentException("a latitude is at most 90 degrees: " + latitude);
        }
        if (altitude.equals(OptionalInt.of(NO_ALTITUDE))) {
            throw new IllegalArgumentException("this altitude means none: " + NO_ALTITUDE);
        }
        Nesting.check(address);
    }

    static GeoCoordinates read(WireReader in) {
        int latitude = in.as("Latitude").u32AsInt();
        var fromEquator = Angle.read(in, latitude, POLE);
        int longitude = in.as("Longitude").u32AsInt();
        var fromMeridian = Angle.read(in, longitude, ANTIMERIDIAN);
        int altitude = in.as("Altitude").u32AsInt();
        return new GeoCoordinates(
                (latitude & SIGN) != 0,
                fromEquator,
                (longitude & SIGN) != 0,
                fromMeridian,
                altitude == NO_ALTITUDE ? OptionalInt.empty() : OptionalInt.of(altitude),
                LispAddress.read(in));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(address);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        latitude.write(north, out);
        longitude.write(east, out);
        out.u32(altitude.orElse(NO_ALTITUDE));
        address.write(out);
    }

    @Override
    public Optional<Ip> ip() {
        return address.ip();
    }

    /** {@code geo(51:28:38N 0:0:5W 45m, 192.0.2.1)}. */
    @Override
    public String toString() {
        return "geo("
                + latitude
                + (north ? "N " : "S ")
                + longitude
                + (east ? "E" : "W")
                + (altitude.isPresent() ? " " + altitude.getAsInt() + "m, " : ", ")
                + address
                + ")";
    }
}
