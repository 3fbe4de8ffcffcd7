// The articles of Documentation.docc/Diagnostics, embedded one by one (C23 #embed), so that
// `portico explain` needs no file. RepositoryTests hold this list against the folder.
#include "articles.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char A001[] = {
#embed "../portico/Documentation.docc/Diagnostics/A001.md"
};
static const unsigned char A002[] = {
#embed "../portico/Documentation.docc/Diagnostics/A002.md"
};
static const unsigned char A003[] = {
#embed "../portico/Documentation.docc/Diagnostics/A003.md"
};
static const unsigned char A004[] = {
#embed "../portico/Documentation.docc/Diagnostics/A004.md"
};
static const unsigned char A005[] = {
#embed "../portico/Documentation.docc/Diagnostics/A005.md"
};
static const unsigned char A006[] = {
#embed "../portico/Documentation.docc/Diagnostics/A006.md"
};
static const unsigned char A007[] = {
#embed "../portico/Documentation.docc/Diagnostics/A007.md"
};
static const unsigned char B001[] = {
#embed "../portico/Documentation.docc/Diagnostics/B001.md"
};
static const unsigned char B002[] = {
#embed "../portico/Documentation.docc/Diagnostics/B002.md"
};
static const unsigned char B003[] = {
#embed "../portico/Documentation.docc/Diagnostics/B003.md"
};
static const unsigned char B004[] = {
#embed "../portico/Documentation.docc/Diagnostics/B004.md"
};
static const unsigned char B005[] = {
#embed "../portico/Documentation.docc/Diagnostics/B005.md"
};
static const unsigned char B006[] = {
#embed "../portico/Documentation.docc/Diagnostics/B006.md"
};
static const unsigned char B007[] = {
#embed "../portico/Documentation.docc/Diagnostics/B007.md"
};
static const unsigned char B008[] = {
#embed "../portico/Documentation.docc/Diagnostics/B008.md"
};
static const unsigned char B009[] = {
#embed "../portico/Documentation.docc/Diagnostics/B009.md"
};
static const unsigned char B010[] = {
#embed "../portico/Documentation.docc/Diagnostics/B010.md"
};
static const unsigned char B011[] = {
#embed "../portico/Documentation.docc/Diagnostics/B011.md"
};
static const unsigned char B012[] = {
#embed "../portico/Documentation.docc/Diagnostics/B012.md"
};
static const unsigned char B013[] = {
#embed "../portico/Documentation.docc/Diagnostics/B013.md"
};
static const unsigned char B014[] = {
#embed "../portico/Documentation.docc/Diagnostics/B014.md"
};
static const unsigned char B015[] = {
#embed "../portico/Documentation.docc/Diagnostics/B015.md"
};
static const unsigned char B016[] = {
#embed "../portico/Documentation.docc/Diagnostics/B016.md"
};
static const unsigned char B017[] = {
#embed "../portico/Documentation.docc/Diagnostics/B017.md"
};
static const unsigned char B018[] = {
#embed "../portico/Documentation.docc/Diagnostics/B018.md"
};
static const unsigned char B019[] = {
#embed "../portico/Documentation.docc/Diagnostics/B019.md"
};
static const unsigned char B020[] = {
#embed "../portico/Documentation.docc/Diagnostics/B020.md"
};
static const unsigned char C001[] = {
#embed "../portico/Documentation.docc/Diagnostics/C001.md"
};
static const unsigned char C002[] = {
#embed "../portico/Documentation.docc/Diagnostics/C002.md"
};
static const unsigned char C003[] = {
#embed "../portico/Documentation.docc/Diagnostics/C003.md"
};
static const unsigned char C004[] = {
#embed "../portico/Documentation.docc/Diagnostics/C004.md"
};
static const unsigned char C005[] = {
#embed "../portico/Documentation.docc/Diagnostics/C005.md"
};
static const unsigned char C006[] = {
#embed "../portico/Documentation.docc/Diagnostics/C006.md"
};
static const unsigned char C007[] = {
#embed "../portico/Documentation.docc/Diagnostics/C007.md"
};
static const unsigned char D001[] = {
#embed "../portico/Documentation.docc/Diagnostics/D001.md"
};
static const unsigned char D002[] = {
#embed "../portico/Documentation.docc/Diagnostics/D002.md"
};
static const unsigned char D003[] = {
#embed "../portico/Documentation.docc/Diagnostics/D003.md"
};
static const unsigned char D004[] = {
#embed "../portico/Documentation.docc/Diagnostics/D004.md"
};
static const unsigned char D005[] = {
#embed "../portico/Documentation.docc/Diagnostics/D005.md"
};
static const unsigned char D006[] = {
#embed "../portico/Documentation.docc/Diagnostics/D006.md"
};
static const unsigned char D007[] = {
#embed "../portico/Documentation.docc/Diagnostics/D007.md"
};
static const unsigned char D008[] = {
#embed "../portico/Documentation.docc/Diagnostics/D008.md"
};
static const unsigned char D009[] = {
#embed "../portico/Documentation.docc/Diagnostics/D009.md"
};
static const unsigned char D010[] = {
#embed "../portico/Documentation.docc/Diagnostics/D010.md"
};
static const unsigned char D011[] = {
#embed "../portico/Documentation.docc/Diagnostics/D011.md"
};
static const unsigned char D020[] = {
#embed "../portico/Documentation.docc/Diagnostics/D020.md"
};
static const unsigned char G001[] = {
#embed "../portico/Documentation.docc/Diagnostics/G001.md"
};
static const unsigned char G002[] = {
#embed "../portico/Documentation.docc/Diagnostics/G002.md"
};
static const unsigned char G003[] = {
#embed "../portico/Documentation.docc/Diagnostics/G003.md"
};
static const unsigned char G004[] = {
#embed "../portico/Documentation.docc/Diagnostics/G004.md"
};
static const unsigned char G005[] = {
#embed "../portico/Documentation.docc/Diagnostics/G005.md"
};
static const unsigned char G006[] = {
#embed "../portico/Documentation.docc/Diagnostics/G006.md"
};
static const unsigned char G007[] = {
#embed "../portico/Documentation.docc/Diagnostics/G007.md"
};
static const unsigned char G008[] = {
#embed "../portico/Documentation.docc/Diagnostics/G008.md"
};
static const unsigned char G009[] = {
#embed "../portico/Documentation.docc/Diagnostics/G009.md"
};
static const unsigned char G010[] = {
#embed "../portico/Documentation.docc/Diagnostics/G010.md"
};
static const unsigned char G011[] = {
#embed "../portico/Documentation.docc/Diagnostics/G011.md"
};
static const unsigned char G012[] = {
#embed "../portico/Documentation.docc/Diagnostics/G012.md"
};
static const unsigned char G013[] = {
#embed "../portico/Documentation.docc/Diagnostics/G013.md"
};
static const unsigned char G014[] = {
#embed "../portico/Documentation.docc/Diagnostics/G014.md"
};
static const unsigned char G015[] = {
#embed "../portico/Documentation.docc/Diagnostics/G015.md"
};
static const unsigned char G016[] = {
#embed "../portico/Documentation.docc/Diagnostics/G016.md"
};
static const unsigned char G020[] = {
#embed "../portico/Documentation.docc/Diagnostics/G020.md"
};
static const unsigned char G021[] = {
#embed "../portico/Documentation.docc/Diagnostics/G021.md"
};
static const unsigned char G022[] = {
#embed "../portico/Documentation.docc/Diagnostics/G022.md"
};
static const unsigned char G023[] = {
#embed "../portico/Documentation.docc/Diagnostics/G023.md"
};
static const unsigned char G040[] = {
#embed "../portico/Documentation.docc/Diagnostics/G040.md"
};
static const unsigned char G041[] = {
#embed "../portico/Documentation.docc/Diagnostics/G041.md"
};
static const unsigned char G042[] = {
#embed "../portico/Documentation.docc/Diagnostics/G042.md"
};
static const unsigned char G043[] = {
#embed "../portico/Documentation.docc/Diagnostics/G043.md"
};
static const unsigned char G044[] = {
#embed "../portico/Documentation.docc/Diagnostics/G044.md"
};
static const unsigned char G045[] = {
#embed "../portico/Documentation.docc/Diagnostics/G045.md"
};
static const unsigned char G046[] = {
#embed "../portico/Documentation.docc/Diagnostics/G046.md"
};
static const unsigned char M001[] = {
#embed "../portico/Documentation.docc/Diagnostics/M001.md"
};
static const unsigned char M002[] = {
#embed "../portico/Documentation.docc/Diagnostics/M002.md"
};
static const unsigned char M003[] = {
#embed "../portico/Documentation.docc/Diagnostics/M003.md"
};
static const unsigned char M004[] = {
#embed "../portico/Documentation.docc/Diagnostics/M004.md"
};
static const unsigned char R001[] = {
#embed "../portico/Documentation.docc/Diagnostics/R001.md"
};
static const unsigned char R002[] = {
#embed "../portico/Documentation.docc/Diagnostics/R002.md"
};
static const unsigned char R003[] = {
#embed "../portico/Documentation.docc/Diagnostics/R003.md"
};
static const unsigned char R004[] = {
#embed "../portico/Documentation.docc/Diagnostics/R004.md"
};
static const unsigned char R010[] = {
#embed "../portico/Documentation.docc/Diagnostics/R010.md"
};
static const unsigned char R011[] = {
#embed "../portico/Documentation.docc/Diagnostics/R011.md"
};
static const unsigned char R012[] = {
#embed "../portico/Documentation.docc/Diagnostics/R012.md"
};
static const unsigned char R013[] = {
#embed "../portico/Documentation.docc/Diagnostics/R013.md"
};
static const unsigned char R014[] = {
#embed "../portico/Documentation.docc/Diagnostics/R014.md"
};
static const unsigned char R015[] = {
#embed "../portico/Documentation.docc/Diagnostics/R015.md"
};
static const unsigned char S001[] = {
#embed "../portico/Documentation.docc/Diagnostics/S001.md"
};
static const unsigned char S002[] = {
#embed "../portico/Documentation.docc/Diagnostics/S002.md"
};
static const unsigned char S003[] = {
#embed "../portico/Documentation.docc/Diagnostics/S003.md"
};
static const unsigned char S004[] = {
#embed "../portico/Documentation.docc/Diagnostics/S004.md"
};
static const unsigned char S005[] = {
#embed "../portico/Documentation.docc/Diagnostics/S005.md"
};
static const unsigned char S006[] = {
#embed "../portico/Documentation.docc/Diagnostics/S006.md"
};
static const unsigned char S007[] = {
#embed "../portico/Documentation.docc/Diagnostics/S007.md"
};
static const unsigned char S008[] = {
#embed "../portico/Documentation.docc/Diagnostics/S008.md"
};
static const unsigned char S009[] = {
#embed "../portico/Documentation.docc/Diagnostics/S009.md"
};
static const unsigned char S010[] = {
#embed "../portico/Documentation.docc/Diagnostics/S010.md"
};
static const unsigned char S011[] = {
#embed "../portico/Documentation.docc/Diagnostics/S011.md"
};
static const unsigned char S012[] = {
#embed "../portico/Documentation.docc/Diagnostics/S012.md"
};
static const unsigned char S030[] = {
#embed "../portico/Documentation.docc/Diagnostics/S030.md"
};
static const unsigned char S031[] = {
#embed "../portico/Documentation.docc/Diagnostics/S031.md"
};
static const unsigned char S040[] = {
#embed "../portico/Documentation.docc/Diagnostics/S040.md"
};
static const unsigned char T001[] = {
#embed "../portico/Documentation.docc/Diagnostics/T001.md"
};
static const unsigned char T002[] = {
#embed "../portico/Documentation.docc/Diagnostics/T002.md"
};
static const unsigned char T003[] = {
#embed "../portico/Documentation.docc/Diagnostics/T003.md"
};
static const unsigned char W001[] = {
#embed "../portico/Documentation.docc/Diagnostics/W001.md"
};
static const unsigned char W002[] = {
#embed "../portico/Documentation.docc/Diagnostics/W002.md"
};
static const unsigned char W003[] = {
#embed "../portico/Documentation.docc/Diagnostics/W003.md"
};
static const unsigned char W004[] = {
#embed "../portico/Documentation.docc/Diagnostics/W004.md"
};
static const unsigned char W005[] = {
#embed "../portico/Documentation.docc/Diagnostics/W005.md"
};
static const unsigned char W006[] = {
#embed "../portico/Documentation.docc/Diagnostics/W006.md"
};
static const unsigned char W007[] = {
#embed "../portico/Documentation.docc/Diagnostics/W007.md"
};
static const unsigned char W008[] = {
#embed "../portico/Documentation.docc/Diagnostics/W008.md"
};
static const unsigned char W009[] = {
#embed "../portico/Documentation.docc/Diagnostics/W009.md"
};
static const unsigned char W010[] = {
#embed "../portico/Documentation.docc/Diagnostics/W010.md"
};
static const unsigned char W011[] = {
#embed "../portico/Documentation.docc/Diagnostics/W011.md"
};
static const unsigned char W012[] = {
#embed "../portico/Documentation.docc/Diagnostics/W012.md"
};
static const unsigned char W013[] = {
#embed "../portico/Documentation.docc/Diagnostics/W013.md"
};
static const unsigned char W014[] = {
#embed "../portico/Documentation.docc/Diagnostics/W014.md"
};
static const unsigned char W015[] = {
#embed "../portico/Documentation.docc/Diagnostics/W015.md"
};
static const unsigned char Y001[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y001.md"
};
static const unsigned char Y002[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y002.md"
};
static const unsigned char Y003[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y003.md"
};
static const unsigned char Y004[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y004.md"
};
static const unsigned char Y005[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y005.md"
};
static const unsigned char Y006[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y006.md"
};
static const unsigned char Y007[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y007.md"
};
static const unsigned char Y010[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y010.md"
};
static const unsigned char Y011[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y011.md"
};
static const unsigned char Y012[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y012.md"
};
static const unsigned char Y013[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y013.md"
};
static const unsigned char Y014[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y014.md"
};
static const unsigned char Y015[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y015.md"
};
static const unsigned char Y016[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y016.md"
};
static const unsigned char Y017[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y017.md"
};
static const unsigned char Y018[] = {
#embed "../portico/Documentation.docc/Diagnostics/Y018.md"
};

static const struct {
  const char *code;
  const unsigned char *bytes;
  ptrdiff_t length;
} articles[] = {
    {"A001", A001, sizeof A001},
    {"A002", A002, sizeof A002},
    {"A003", A003, sizeof A003},
    {"A004", A004, sizeof A004},
    {"A005", A005, sizeof A005},
    {"A006", A006, sizeof A006},
    {"A007", A007, sizeof A007},
    {"B001", B001, sizeof B001},
    {"B002", B002, sizeof B002},
    {"B003", B003, sizeof B003},
    {"B004", B004, sizeof B004},
    {"B005", B005, sizeof B005},
    {"B006", B006, sizeof B006},
    {"B007", B007, sizeof B007},
    {"B008", B008, sizeof B008},
    {"B009", B009, sizeof B009},
    {"B010", B010, sizeof B010},
    {"B011", B011, sizeof B011},
    {"B012", B012, sizeof B012},
    {"B013", B013, sizeof B013},
    {"B014", B014, sizeof B014},
    {"B015", B015, sizeof B015},
    {"B016", B016, sizeof B016},
    {"B017", B017, sizeof B017},
    {"B018", B018, sizeof B018},
    {"B019", B019, sizeof B019},
    {"B020", B020, sizeof B020},
    {"C001", C001, sizeof C001},
    {"C002", C002, sizeof C002},
    {"C003", C003, sizeof C003},
    {"C004", C004, sizeof C004},
    {"C005", C005, sizeof C005},
    {"C006", C006, sizeof C006},
    {"C007", C007, sizeof C007},
    {"D001", D001, sizeof D001},
    {"D002", D002, sizeof D002},
    {"D003", D003, sizeof D003},
    {"D004", D004, sizeof D004},
    {"D005", D005, sizeof D005},
    {"D006", D006, sizeof D006},
    {"D007", D007, sizeof D007},
    {"D008", D008, sizeof D008},
    {"D009", D009, sizeof D009},
    {"D010", D010, sizeof D010},
    {"D011", D011, sizeof D011},
    {"D020", D020, sizeof D020},
    {"G001", G001, sizeof G001},
    {"G002", G002, sizeof G002},
    {"G003", G003, sizeof G003},
    {"G004", G004, sizeof G004},
    {"G005", G005, sizeof G005},
    {"G006", G006, sizeof G006},
    {"G007", G007, sizeof G007},
    {"G008", G008, sizeof G008},
    {"G009", G009, sizeof G009},
    {"G010", G010, sizeof G010},
    {"G011", G011, sizeof G011},
    {"G012", G012, sizeof G012},
    {"G013", G013, sizeof G013},
    {"G014", G014, sizeof G014},
    {"G015", G015, sizeof G015},
    {"G016", G016, sizeof G016},
    {"G020", G020, sizeof G020},
    {"G021", G021, sizeof G021},
    {"G022", G022, sizeof G022},
    {"G023", G023, sizeof G023},
    {"G040", G040, sizeof G040},
    {"G041", G041, sizeof G041},
    {"G042", G042, sizeof G042},
    {"G043", G043, sizeof G043},
    {"G044", G044, sizeof G044},
    {"G045", G045, sizeof G045},
    {"G046", G046, sizeof G046},
    {"M001", M001, sizeof M001},
    {"M002", M002, sizeof M002},
    {"M003", M003, sizeof M003},
    {"M004", M004, sizeof M004},
    {"R001", R001, sizeof R001},
    {"R002", R002, sizeof R002},
    {"R003", R003, sizeof R003},
    {"R004", R004, sizeof R004},
    {"R010", R010, sizeof R010},
    {"R011", R011, sizeof R011},
    {"R012", R012, sizeof R012},
    {"R013", R013, sizeof R013},
    {"R014", R014, sizeof R014},
    {"R015", R015, sizeof R015},
    {"S001", S001, sizeof S001},
    {"S002", S002, sizeof S002},
    {"S003", S003, sizeof S003},
    {"S004", S004, sizeof S004},
    {"S005", S005, sizeof S005},
    {"S006", S006, sizeof S006},
    {"S007", S007, sizeof S007},
    {"S008", S008, sizeof S008},
    {"S009", S009, sizeof S009},
    {"S010", S010, sizeof S010},
    {"S011", S011, sizeof S011},
    {"S012", S012, sizeof S012},
    {"S030", S030, sizeof S030},
    {"S031", S031, sizeof S031},
    {"S040", S040, sizeof S040},
    {"T001", T001, sizeof T001},
    {"T002", T002, sizeof T002},
    {"T003", T003, sizeof T003},
    {"W001", W001, sizeof W001},
    {"W002", W002, sizeof W002},
    {"W003", W003, sizeof W003},
    {"W004", W004, sizeof W004},
    {"W005", W005, sizeof W005},
    {"W006", W006, sizeof W006},
    {"W007", W007, sizeof W007},
    {"W008", W008, sizeof W008},
    {"W009", W009, sizeof W009},
    {"W010", W010, sizeof W010},
    {"W011", W011, sizeof W011},
    {"W012", W012, sizeof W012},
    {"W013", W013, sizeof W013},
    {"W014", W014, sizeof W014},
    {"W015", W015, sizeof W015},
    {"Y001", Y001, sizeof Y001},
    {"Y002", Y002, sizeof Y002},
    {"Y003", Y003, sizeof Y003},
    {"Y004", Y004, sizeof Y004},
    {"Y005", Y005, sizeof Y005},
    {"Y006", Y006, sizeof Y006},
    {"Y007", Y007, sizeof Y007},
    {"Y010", Y010, sizeof Y010},
    {"Y011", Y011, sizeof Y011},
    {"Y012", Y012, sizeof Y012},
    {"Y013", Y013, sizeof Y013},
    {"Y014", Y014, sizeof Y014},
    {"Y015", Y015, sizeof Y015},
    {"Y016", Y016, sizeof Y016},
    {"Y017", Y017, sizeof Y017},
    {"Y018", Y018, sizeof Y018},
};

const int portico_article_count = sizeof articles / sizeof articles[0];

static int is_known(ptrdiff_t index) { return index >= 0 && index < portico_article_count; }

const char *portico_article_code(ptrdiff_t index) {
  return is_known(index) ? articles[index].code : NULL;
}

const unsigned char *portico_article_bytes(ptrdiff_t index) {
  return is_known(index) ? articles[index].bytes : NULL;
}

ptrdiff_t portico_article_length(ptrdiff_t index) {
  return is_known(index) ? articles[index].length : 0;
}
