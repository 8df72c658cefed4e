//! Dates of lines, in UTC.

use std::time::{Duration, SystemTime};

/// A moment by the calendar, in UTC, for lines of a log.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use rgi_middleware::access_log::Date;
///
/// let date = Date::new(SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_208_399_042));
/// assert_eq!((date.year, date.month, date.day), (2026, 11, 20));
/// assert_eq!((date.hour, date.minute, date.second, date.millisecond), (20, 59, 59, 42));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Date {
    /// The year.
    pub year: u64,
    /// From 1 to 12.
    pub month: u64,
    /// Of the month, from 1.
    pub day: u64,
    /// From 0 to 23.
    pub hour: u64,
    /// From 0 to 59.
    pub minute: u64,
    /// From 0 to 59.
    pub second: u64,
    /// From 0 to 999.
    pub millisecond: u64,
}

impl Date {
    /// The date of a time. One before 1970 is the first moment of it.
    pub fn new(time: SystemTime) -> Date {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let since: Duration = since.unwrap_or_default();
        let seconds = since.as_secs();
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = date(days);
        Date {
            year,
            month,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            millisecond: u64::from(since.subsec_millis()),
        }
    }
}

/// Year, month and day of a day since 1970-01-01. Years are counted from March, so that a leap
/// day is a year's last, and in eras of 400 years, after which the calendar repeats.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    let days = days + 719_468; // since 0000-03-01
    let day = days % ERA;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March; five months have 153 days
    let first = (153 * month + 2) / 5;
    let (month, january) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (days / ERA * 400 + year + january, month, day - first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_its_days_in_order() {
        let mut days = 0;
        for year in 1970..2110 {
            for month in 1..=12 {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let length = match month {
                    2 if leap => 29,
                    2 => 28,
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                for day in 1..=length {
                    assert_eq!(date(days), (year, month, day));
                    days += 1;
                }
            }
        }
    }
}
